//! String literals in the code of a crate, without documentation and test code.

use super::tree::{ModulePath, Tree, for_tests, impl_item_for_tests, trait_item_for_tests};
use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, ImplItem, Item, LitStr, Macro, Meta, TraitItem};

/// Returns every string literal with its module, including those in macro calls and attributes.
pub fn strings(tree: &Tree) -> Vec<(ModulePath, String)> {
    let mut found = Vec::new();
    for (module, items) in &tree.modules {
        let mut texts = Texts(Vec::new());
        items.iter().for_each(|item| texts.visit_item(item));
        found.extend(texts.0.into_iter().map(|text| (module.clone(), text)));
    }
    found
}

/// Returns the command-line options that a text names: `--` before a lower-case letter and not after a letter or a
/// digit. Names of properties in style sheets, which also begin with two dashes, are excluded.
pub fn flags(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices("--") {
        let (before, after) = (&text[..at], &text[at + 2..]);
        let glued = before.ends_with(|c: char| c.is_alphanumeric() || c == '-') || before.ends_with("var(");
        let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        let property = after[name.len()..].starts_with([':', '{']);
        if name.starts_with(|c: char| c.is_ascii_lowercase()) && !glued && !property {
            found.push(format!("--{name}"));
        }
    }
    found
}

struct Texts(Vec<String>);

impl Texts {
    fn tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    self.0.extend(syn::parse_str::<LitStr>(&literal.to_string()).map(|text| text.value()));
                }
                _ => {}
            }
        }
    }
}

impl Visit<'_> for Texts {
    fn visit_item(&mut self, item: &Item) {
        if !for_tests(item) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &ImplItem) {
        if !impl_item_for_tests(item) {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_trait_item(&mut self, item: &TraitItem) {
        if !trait_item_for_tests(item) {
            visit::visit_trait_item(self, item);
        }
    }

    fn visit_lit_str(&mut self, text: &LitStr) {
        self.0.push(text.value());
    }

    fn visit_macro(&mut self, call: &Macro) {
        self.tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &Attribute) {
        if attribute.path().is_ident("doc") {
            return;
        }
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone());
        }
        visit::visit_attribute(self, attribute);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_found_wherever_code_has_them() {
        let text = r##"//! none
            /// none
            #[error("in an attribute {x}")] #[cfg(feature = "f")] struct S;
            const A: &str = "constant"; #[cfg(test)] const B: &str = "none";
            fn f() { println!("in a macro {}", g(&["nested"])); match x { "pattern" => h(r#"raw"#), _ => b"bytes" } }
            #[cfg(test)] mod tests { const C: &str = "none"; }
            mod m { impl T { fn g() { "deep" } #[test] fn t() { "none" } } }"##;
        let found = strings(&Tree::parse(text));
        let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
        let expected =
            ["in an attribute {x}", "f", "constant", "in a macro {}", "nested", "pattern", "raw", "deep"];
        assert_eq!(texts, expected);
        assert_eq!(found.last().unwrap().0, ["m"]);
    }

    #[test]
    fn flags_are_told_from_dashes_and_properties() {
        let found = flags(
            "write --no-report, `--at`; (--seed 1) a--b --- --X var(--ink) {--ink: 0} --c{i}: -- x --x",
        );
        assert_eq!(found, ["--no-report", "--at", "--seed", "--x"]);
    }
}
