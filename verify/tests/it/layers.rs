//! The order of crates and modules is the one in `docs/layers.txt`, and there are no circular dependencies.

use std::collections::BTreeSet;
use zonal_verify::layers::circles::{circles, components};
use zonal_verify::layers::literals::{flags, strings};
use zonal_verify::layers::tree::Tree;
use zonal_verify::layers::uses::{Use, uses};
use zonal_verify::layers::{dependencies, layers, python};

/// Returns the top module of a path; code at a crate's root has no position in the order.
fn top(path: &[String]) -> Option<&str> {
    path.first().map(String::as_str)
}

#[test]
fn no_module_uses_one_below_it() {
    let mut wrong = Vec::new();
    for layer in layers() {
        let tree = Tree::read(&layer.name);
        let order: Vec<&str> = layer.modules.iter().map(|m| m.0.as_str()).collect();
        let position = |name: &str| order.iter().position(|m| *m == name);
        for Use { from, to, written } in uses(&tree) {
            let (Some(a), Some(b)) = (top(&from), top(&to)) else { continue };
            if position(b) > position(a) {
                wrong.push(format!("{}::{} names {written}, which is below it", layer.name, from.join("::")));
            }
        }
        let files = tree.modules.keys().map(|path| tree.file_of(path)).collect::<BTreeSet<_>>();
        for module in files.iter().filter_map(|path| top(path)) {
            if position(module).is_none() {
                wrong.push(format!("{}::{module} is missing in docs/layers.txt", layer.name));
            }
        }
        for module in order {
            if !tree.modules.contains_key(&vec![module.to_owned()]) {
                wrong.push(format!("docs/layers.txt lists {}::{module}, which does not exist", layer.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A test module at the beginning of a file does not hide the code after it.
#[test]
fn code_after_tests_is_read() {
    let found = uses(&Tree::read("zonal"));
    let sees = |other: &str| found.iter().any(|u| top(&u.from) == Some("fused") && top(&u.to) == Some(other));
    assert!(["activation", "linalg", "network", "numeric"].into_iter().all(sees));
}

#[test]
fn no_modules_form_a_circle() {
    let mut wrong = Vec::new();
    for layer in layers() {
        let found = circles(&uses(&Tree::read(&layer.name)));
        wrong.extend(found.iter().map(|circle| format!("{} {circle}", layer.name)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_python_modules_form_a_circle() {
    let imports = python::imports();
    assert!(imports.len() > 20, "{imports:?}");
    let pairs: Vec<(&str, &str)> = imports.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let found: Vec<Vec<&str>> = components(&pairs).into_iter().map(|c| c.into_iter().collect()).collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn crates_depend_downwards_only() {
    let names: Vec<String> = layers().into_iter().map(|l| l.name).collect();
    for (i, name) in names.iter().enumerate() {
        let needed = dependencies(name);
        let below: Vec<&String> = needed.iter().filter(|other| !names[..i].contains(other)).collect();
        assert!(below.is_empty(), "{name} depends on {below:?}, below it or missing in docs/layers.txt");
    }
}

/// Options belong to the program: libraries also have callers without a command line.
#[test]
fn libraries_name_no_options() {
    let mut found = Vec::new();
    for layer in layers().iter().filter(|l| !["zonal-cli", "zonal-py", "zonal-verify"].contains(&&*l.name)) {
        for (module, text) in strings(&Tree::read(&layer.name)) {
            found.extend(
                flags(&text)
                    .iter()
                    .map(|f| format!("{}::{}: {f} in {text:?}", layer.name, module.join("::"))),
            );
        }
    }
    assert!(found.is_empty(), "{} options:\n{}", found.len(), found.join("\n"));
}
