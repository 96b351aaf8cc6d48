//! The modules of a crate as syntax trees.

use super::folder;
use proc_macro2::{TokenStream, TokenTree};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use syn::{Attribute, ImplItem, Item, Meta, TraitItem};

/// The names from the root of a crate to a module; empty for the root.
pub type ModulePath = Vec<String>;

/// The items of each module, without its submodules and without test code.
#[derive(Clone, Default)]
pub struct Tree {
    /// Items by module.
    pub modules: BTreeMap<ModulePath, Vec<Item>>,
    /// The modules that are written within the file of their parent.
    pub inline: BTreeSet<ModulePath>,
    /// The name of the crate in code, with underscores.
    pub name: String,
}

impl Tree {
    /// Reads a crate of the workspace: `lib.rs`, and `main.rs` as if it were a module `main`.
    ///
    /// # Panics
    /// If a file cannot be read or is not Rust, or if the file of a `mod` does not exist.
    pub fn read(crate_name: &str) -> Self {
        let source = folder(crate_name).join("src");
        let mut tree = Self { name: crate_name.replace('-', "_"), ..Self::default() };
        tree.add(Vec::new(), items(&source.join("lib.rs")), &source);
        let main = source.join("main.rs");
        if main.is_file() {
            tree.add(vec!["main".into()], items(&main), &source);
        }
        tree
    }

    /// Parses a crate named `example` from one string, in which each module counts as a file.
    ///
    /// # Panics
    /// If the text is not Rust, or a module is in a separate file.
    pub fn parse(text: &str) -> Self {
        let mut tree = Self { name: "example".into(), ..Self::default() };
        let file = syn::parse_file(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        tree.add(Vec::new(), file.items, Path::new("no folder"));
        tree.inline.clear();
        tree
    }

    /// Returns the module in whose file a module is written.
    pub fn file_of(&self, module: &[String]) -> ModulePath {
        let mut module = module.to_vec();
        while self.inline.contains(&module) {
            module.pop();
        }
        module
    }

    /// Adds a module whose children are files in this folder.
    fn add(&mut self, path: ModulePath, items: Vec<Item>, folder: &Path) {
        let mut own = Vec::new();
        for item in items {
            match item {
                item if for_tests(&item) => {}
                Item::Mod(module) => {
                    let name = module.ident.to_string();
                    let below = folder.join(&name);
                    let child = [&path[..], std::slice::from_ref(&name)].concat();
                    let items = match module.content {
                        Some((_, items)) => {
                            self.inline.insert(child.clone());
                            items
                        }
                        None => self::items(&file(folder, &name)),
                    };
                    self.add(child, items, &below);
                }
                item => own.push(item),
            }
        }
        self.modules.insert(path, own);
    }
}

fn file(folder: &Path, name: &str) -> std::path::PathBuf {
    let own = folder.join(format!("{name}.rs"));
    if own.is_file() { own } else { folder.join(name).join("mod.rs") }
}

fn items(file: &Path) -> Vec<Item> {
    let text = std::fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display())).items
}

/// Returns whether an item is only compiled for tests.
pub fn for_tests(item: &Item) -> bool {
    under_test(match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::ExternCrate(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::ForeignMod(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::TraitAlias(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Union(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    })
}

/// Returns whether an item of an `impl` is only compiled for tests.
pub fn impl_item_for_tests(item: &ImplItem) -> bool {
    under_test(match item {
        ImplItem::Const(i) => &i.attrs,
        ImplItem::Fn(i) => &i.attrs,
        ImplItem::Type(i) => &i.attrs,
        ImplItem::Macro(i) => &i.attrs,
        _ => &[],
    })
}

/// Returns whether an item of a trait is only compiled for tests.
pub fn trait_item_for_tests(item: &TraitItem) -> bool {
    under_test(match item {
        TraitItem::Const(i) => &i.attrs,
        TraitItem::Fn(i) => &i.attrs,
        TraitItem::Type(i) => &i.attrs,
        TraitItem::Macro(i) => &i.attrs,
        _ => &[],
    })
}

/// Returns whether the attributes contain `#[test]` or a `#[cfg(..)]` that requires tests.
fn under_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let condition = match &attribute.meta {
            Meta::Path(path) => return path.is_ident("test"),
            Meta::List(list) if list.path.is_ident("cfg") => list.tokens.clone(),
            _ => return false,
        };
        has_word(condition.clone(), "test") && !has_word(condition, "not")
    })
}

fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(group.stream(), word),
        _ => false,
    })
}
