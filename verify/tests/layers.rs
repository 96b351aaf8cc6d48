//! The house stands as drawn: no module uses one below it.

use zonal_verify::layers::{layers, uses};

#[test]
fn no_module_uses_one_below_it() {
    let mut wrong = Vec::new();
    for layer in layers() {
        let order: Vec<&str> = layer.modules.iter().map(|m| m.0.as_str()).collect();
        let position = |name: &str| order.iter().position(|m| *m == name);
        for (module, used) in uses(&layer.name) {
            if module == "lib" || module == "bin" {
                continue;
            }
            let Some(own) = position(&module) else {
                wrong.push(format!("{}::{module} is missing in docs/layers.txt", layer.name));
                continue;
            };
            for other in used {
                // Names re-exported at the root, such as crate::Result, are no modules.
                if position(&other).is_some_and(|p| p > own) {
                    wrong.push(format!("{}::{module} uses {other}, which stands below it", layer.name));
                }
            }
        }
        for module in order {
            let exists = uses(&layer.name).contains_key(module);
            if !exists {
                wrong.push(format!("docs/layers.txt lists {}::{module}, which does not exist", layer.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn crates_depend_downwards_only() {
    let names: Vec<String> = layers().into_iter().map(|l| l.name).collect();
    for (i, name) in names.iter().enumerate() {
        let manifest = zonal_verify::layers::folder(name).join("Cargo.toml");
        let text = std::fs::read_to_string(manifest).unwrap();
        let dependencies = text.split("[dependencies]").nth(1).unwrap();
        let dependencies = dependencies.split("\n[").next().unwrap();
        for below in &names[i..] {
            let line = format!("\n{below}.workspace");
            assert!(!dependencies.contains(&line), "{name} depends on {below}, which stands below it");
        }
    }
}
