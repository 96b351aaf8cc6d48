//! The uses of modules by other modules of a crate, found by resolving every path in the code.
//!
//! Paths are those of `use`, of expressions, types and patterns, and token sequences that look like a path in macro
//! calls and attributes. A path leads to the module that defines the item: re-exports are followed. Glob imports count
//! as uses of their module. Test code and documentation are ignored.

use super::tree::{ModulePath, Tree, for_tests, impl_item_for_tests, trait_item_for_tests};
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprCall, ImplItem, Item, ItemUse, Macro, Meta, Path, TraitItem, UseTree, Visibility,
};

/// A use of an item of one module by another module.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Use {
    /// The module in which the name is written.
    pub from: ModulePath,
    /// The module that defines the item.
    pub to: ModulePath,
    /// The path as written.
    pub written: String,
}

/// More steps than any reasonable chain of imports has; `use a::a` in `a` would never end.
const LONGEST_CHAIN: usize = 32;

/// Returns every use of a module by another module of the same crate.
pub fn uses(tree: &Tree) -> Vec<Use> {
    let names = Names::new(tree);
    let mut found = BTreeSet::new();
    for (from, scope) in &names.scopes {
        for segments in &scope.paths {
            let Some(to) = names.definition(from, segments) else { continue };
            let (from, to) = (tree.file_of(from), tree.file_of(&to));
            if from != to {
                found.insert(Use { from, to, written: segments.join("::") });
            }
        }
    }
    found.into_iter().collect()
}

/// The names in the code of one module.
#[derive(Default)]
struct Scope {
    /// Paths in code and private imports.
    paths: BTreeSet<Vec<String>>,
    /// Imported names.
    imports: BTreeMap<String, Vec<String>>,
    /// Modules whose names are all imported.
    globs: Vec<Vec<String>>,
    /// The names of its own items.
    definitions: BTreeSet<String>,
}

impl Scope {
    fn new(items: &[Item]) -> Self {
        let mut scope = Self::default();
        for item in items {
            scope.definitions.extend(name_of(item));
            scope.visit_item(item);
        }
        scope
    }

    fn import(&mut self, tree: &UseTree, before: &[String], reexport: bool) {
        let longer = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.import(&path.tree, &longer(&path.ident), reexport),
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.import(tree, before, reexport));
            }
            UseTree::Glob(_) => {
                self.paths.insert([before, &["*".to_owned()]].concat());
                self.globs.push(before.to_vec());
            }
            UseTree::Name(name) => self.import_one(name.ident.to_string(), longer(&name.ident), reexport),
            UseTree::Rename(name) => self.import_one(name.rename.to_string(), longer(&name.ident), reexport),
        }
    }

    fn import_one(&mut self, mut name: String, mut segments: Vec<String>, reexport: bool) {
        if segments.last().is_some_and(|s| s == "self") {
            segments.pop();
            if name == "self" {
                name = segments.last().cloned().unwrap_or_default();
            }
        }
        // A re-export counts where its name is used.
        if !reexport {
            self.paths.insert(segments.clone());
        }
        self.imports.insert(name, segments);
    }

    /// Collects paths from tokens that are not a syntax tree: `a::b`, and strings in attributes that are a path.
    fn tokens(&mut self, tokens: TokenStream, strings: bool) {
        let mut path: Vec<String> = Vec::new();
        // The number of colons since the last name.
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.keep(std::mem::take(&mut path));
                    }
                    path.push(ident.to_string());
                    colons = 0;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    colons += 1;
                    continue;
                }
                TokenTree::Group(group) => self.tokens(group.stream(), strings),
                TokenTree::Literal(literal) if strings => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string())
                        && let Ok(inner) = text.parse::<Path>()
                    {
                        self.visit_path(&inner);
                    }
                }
                _ => {}
            }
            self.keep(std::mem::take(&mut path));
            colons = 0;
        }
        self.keep(path);
    }

    /// Adds a path, unless it is a single name, which may be a variable among tokens.
    fn keep(&mut self, path: Vec<String>) {
        if path.len() > 1 {
            self.paths.insert(path);
        }
    }
}

impl Visit<'_> for Scope {
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

    fn visit_item_use(&mut self, item: &ItemUse) {
        if item.leading_colon.is_none() {
            self.import(&item.tree, &[], !matches!(item.vis, Visibility::Inherited));
        }
    }

    fn visit_path(&mut self, path: &Path) {
        if path.leading_colon.is_none() && path.get_ident().is_none_or(|name| !may_be_variable(name)) {
            self.paths.insert(path.segments.iter().map(|s| s.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }

    fn visit_expr_call(&mut self, call: &ExprCall) {
        if let Expr::Path(function) = &*call.func
            && let Some(name) = function.path.get_ident()
        {
            self.paths.insert(vec![name.to_string()]);
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_macro(&mut self, call: &Macro) {
        self.visit_path(&call.path);
        self.tokens(call.tokens.clone(), false);
    }

    fn visit_attribute(&mut self, attribute: &Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(list.tokens.clone(), true);
        }
    }
}

/// Returns whether a name may be a variable: a single lower-case word that is not called.
fn may_be_variable(name: &syn::Ident) -> bool {
    name.to_string().starts_with(|c: char| c.is_lowercase() || c == '_')
}

fn name_of(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(i) => &i.ident,
        Item::Enum(i) => &i.ident,
        Item::Fn(i) => &i.sig.ident,
        Item::Macro(i) => i.ident.as_ref()?,
        Item::Static(i) => &i.ident,
        Item::Struct(i) => &i.ident,
        Item::Trait(i) => &i.ident,
        Item::Type(i) => &i.ident,
        Item::Union(i) => &i.ident,
        _ => return None,
    };
    Some(ident.to_string())
}

/// Resolves paths.
struct Names<'a> {
    scopes: BTreeMap<ModulePath, Scope>,
    /// The modules of this crate that each module imports by a glob.
    globs: BTreeMap<ModulePath, Vec<ModulePath>>,
    name: &'a str,
}

impl<'a> Names<'a> {
    fn new(tree: &'a Tree) -> Self {
        let scopes = tree.modules.iter().map(|(path, items)| (path.clone(), Scope::new(items))).collect();
        let mut names = Self { scopes, globs: BTreeMap::new(), name: &tree.name };
        // The module of a glob is resolved without the names that other globs provide.
        let of = |(path, scope): (&ModulePath, &Scope)| {
            let modules = scope.globs.iter().filter_map(|glob| names.resolve(path, glob, 0));
            (path.clone(), modules.filter(|(_, rest)| *rest == 0).map(|(module, _)| module).collect())
        };
        names.globs = names.scopes.iter().map(of).collect();
        names
    }

    /// Returns the module that defines the item to which a path in a module leads. None for other crates, for
    /// variables, and for a path to a module itself, since code that uses its items names them as well.
    fn definition(&self, from: &[String], segments: &[String]) -> Option<ModulePath> {
        let (module, rest) = self.resolve(from, segments, 0)?;
        (rest > 0).then_some(module)
    }

    /// Returns the last module on a path, and the number of names after it.
    fn resolve(&self, from: &[String], segments: &[String], depth: usize) -> Option<(ModulePath, usize)> {
        let (first, rest) = segments.split_first()?;
        if depth > LONGEST_CHAIN {
            return None;
        }
        match first.as_str() {
            "crate" => self.walk(Vec::new(), rest, depth),
            name if name == self.name => self.walk(Vec::new(), rest, depth),
            "self" => self.walk(from.to_vec(), rest, depth),
            "super" => {
                let mut rest = rest;
                let mut module = from.split_last()?.1;
                while let Some(("super", after)) = rest.split_first().map(|(f, r)| (f.as_str(), r)) {
                    (module, rest) = (module.split_last()?.1, after);
                }
                self.walk(module.to_vec(), rest, depth)
            }
            name => self.knows(from, name, depth).then(|| self.walk(from.to_vec(), segments, depth))?,
        }
    }

    fn walk(&self, mut module: ModulePath, segments: &[String], depth: usize) -> Option<(ModulePath, usize)> {
        let mut rest = segments;
        while let Some((name, after)) = rest.split_first() {
            let scope = self.scopes.get(&module)?;
            let child = [&module[..], std::slice::from_ref(name)].concat();
            let is_item = scope.imports.contains_key(name) || scope.definitions.contains(name);
            // A module and an item may have the same name; the end of a path is the item.
            if self.scopes.contains_key(&child) && !(after.is_empty() && is_item) {
                (module, rest) = (child, after);
            } else if scope.definitions.contains(name) {
                break;
            } else if let Some(import) = scope.imports.get(name) {
                return self.resolve(&module, &[&import[..], after].concat(), depth + 1);
            } else if let Some(other) = self.glob(&module, name, depth) {
                return self.walk(other, rest, depth + 1);
            } else {
                break;
            }
        }
        Some((module, rest.len()))
    }

    fn knows(&self, module: &[String], name: &str, depth: usize) -> bool {
        let child = [module, &[name.to_owned()]].concat();
        let named = |s: &Scope| s.imports.contains_key(name) || s.definitions.contains(name);
        self.scopes.contains_key(&child)
            || self.scopes.get(module).is_some_and(named)
            || self.glob(module, name, depth).is_some()
    }

    /// Returns the module from which a glob import provides a name.
    fn glob(&self, module: &[String], name: &str, depth: usize) -> Option<ModulePath> {
        let globs = self.globs.get(module)?;
        let brings = |m: &&ModulePath| depth < LONGEST_CHAIN && self.knows(m, name, depth + 1);
        globs.iter().find(brings).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns uses as `from -> to`, without repetitions.
    fn arrows(text: &str) -> Vec<String> {
        let name = |path: &[String]| if path.is_empty() { "self".to_owned() } else { path.join("::") };
        let found: BTreeSet<String> = uses(&Tree::parse(text))
            .iter()
            .map(|one| format!("{} -> {}", name(&one.from), name(&one.to)))
            .collect();
        found.into_iter().collect()
    }

    /// Returns the uses of a module with this code, next to two modules with an item each.
    fn user(code: &str) -> Vec<String> {
        arrows(&format!(
            "mod a {{ pub struct A; pub mod deep {{ pub fn f() {{}} }} }} mod b {{ pub enum B {{ One }} }}
             mod user {{ {code} }}"
        ))
    }

    #[test]
    fn imports_of_every_form_are_followed() {
        assert_eq!(user("use crate::a::A;"), ["user -> a"]);
        assert_eq!(user("use super::{a::{self, deep::f}, b::B as C};"), ["user -> a::deep", "user -> b"]);
        assert_eq!(user("use super::a; fn g(_: a::A) {}"), ["user -> a"]);
        assert_eq!(user("use crate::a::deep; fn g() { deep::f() }"), ["user -> a::deep"]);
        assert_eq!(user("use example::b::B;"), ["user -> b"]);
        assert_eq!(user("fn g() { use super::b::B::One; }"), ["user -> b"]);
        assert_eq!(user("mod inner { use super::super::a::A; }"), ["user::inner -> a"]);
        assert!(user("use ::a::A; use other::a::A as D; use std::fmt; fn a() {}").is_empty());
        assert!(user("use super::a;").is_empty());
    }

    #[test]
    fn paths_in_code_are_followed() {
        assert_eq!(user("fn g(_: Vec<crate::a::A>) -> super::b::B {}"), ["user -> a", "user -> b"]);
        assert_eq!(user("impl Clone for super::a::A {} "), ["user -> a"]);
        assert_eq!(user("fn g(x: u8) { match x { _ => <crate::a::A>::new() } }"), ["user -> a"]);
        assert_eq!(user("fn g() { println!(\"{}\", crate::a::deep::f()) }"), ["user -> a::deep"]);
        assert_eq!(
            user("#[serde(with = \"crate::b\", default = \"super::a::deep::f\")] struct S;"),
            ["user -> a::deep"]
        );
        assert_eq!(user("use super::*; fn g(_: a::A) {}"), ["user -> a", "user -> self"]);
        assert!(user("/// [`crate::a::A`]\nfn g() { let a = 1; a.b::<u8>(); }").is_empty());
    }

    #[test]
    fn re_exports_lead_to_the_definition() {
        let exports = "pub use a::A; pub use b as c; mod a { pub struct A; } mod b { pub fn f() {} }";
        assert_eq!(
            arrows(&format!("{exports} mod user {{ use crate::A; fn g() {{ crate::c::f() }} }}")),
            ["user -> a", "user -> b"]
        );
        assert_eq!(arrows(&format!("{exports} fn g(_: A) {{}}")), ["self -> a"]);
        assert!(arrows(exports).is_empty());
        // A variable may have the name of a function.
        assert!(arrows("pub use a::f; mod a { pub fn f() {} } fn g() { let f = 1; f + 1 }").is_empty());
        assert_eq!(arrows("pub use a::f; mod a { pub fn f() {} } fn g() { f() }"), ["self -> a"]);
        // A circular chain, which no valid program has.
        assert!(arrows("pub use b::x; mod b { pub use crate::x; } mod c { use crate::x::y; }").is_empty());
    }

    #[test]
    fn what_only_tests_see_does_not_count_and_what_follows_does() {
        let code = "#[cfg(test)] mod tests { use crate::a::A; } #[cfg(test)] use crate::b::B;
            #[cfg(all(test, unix))] fn t(_: crate::b::B) {} #[test] fn u() { crate::b::B::One; }
            impl S { #[cfg(test)] fn v(_: crate::b::B) {} fn w(_: crate::a::deep::X) {} }
            #[cfg(not(test))] fn x() {}";
        assert_eq!(user(code), ["user -> a::deep"]);
    }
}
