//! Generated documents are current, and pages refer only to what exists.

use std::collections::BTreeSet;
use zonal_verify::documents::{markdown, read, texts};
use zonal_verify::figures::figures;
use zonal_verify::layers::root;

/// The pages at the root of the repository.
const ROOT_PAGES: [&str; 6] =
    ["README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "RELEASING.md", "SECURITY.md"];

/// All pages: path and text.
fn pages() -> Vec<(String, String)> {
    let paths = ROOT_PAGES.map(str::to_owned).into_iter().chain(markdown("docs"));
    paths.map(|path| (path.clone(), read(&path))).collect()
}

#[test]
fn generated_documents_are_current() {
    are_current(texts());
}

#[test]
#[ignore = "slow"]
fn figures_are_current() {
    are_current(figures());
}

fn are_current(generated: Vec<(String, String)>) {
    let stale: Vec<String> = generated
        .into_iter()
        .filter(|(path, contents)| {
            std::fs::read_to_string(root().join(path)).unwrap_or_default() != *contents
        })
        .map(|(path, _)| path)
        .collect();
    assert!(stale.is_empty(), "run `cargo xtask docs`; it changes {}", stale.join(", "));
}

/// Returns the targets of links `](target)` outside of code blocks.
fn links(text: &str) -> Vec<String> {
    let prose = text.split("```").step_by(2).collect::<String>();
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    targets.map(str::to_owned).collect()
}

/// Returns the anchors of a page as GitHub and the site form them from its headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose = text.split("\n```").step_by(2).collect::<String>();
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let anchor = |line: &str| {
        let title = line.trim_start_matches('#').trim().to_lowercase();
        let kept = title.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut dead = Vec::new();
    let mut checked = 0;
    for (path, text) in pages() {
        let folder = root().join(&path).parent().map(ToOwned::to_owned).unwrap_or_default();
        for link in links(&text).into_iter().filter(|l| !l.starts_with("http") && !l.starts_with("mailto:")) {
            checked += 1;
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { root().join(&path) } else { folder.join(file) };
            let found = std::fs::read_to_string(&target);
            let alive = target.exists()
                && (anchor.is_empty() || anchors(&found.unwrap_or_default()).contains(anchor));
            if !alive {
                dead.push(format!("{path}: {link}"));
            }
        }
    }
    assert!(checked > 60, "{checked} links were found");
    assert!(dead.is_empty(), "{} of {checked} links are dead:\n{}", dead.len(), dead.join("\n"));
}

/// Markdown of the site joins a list to the paragraph before it unless an empty line separates them.
#[test]
fn lists_follow_an_empty_line() {
    let is_item = |line: &str| line.starts_with("- ") || line.starts_with("1. ");
    let mut joined = Vec::new();
    for (path, text) in pages() {
        let prose = text.split("```").step_by(2).collect::<String>();
        let lines: Vec<&str> = prose.lines().collect();
        for (before, item) in lines.iter().zip(&lines[1..]).filter(|(_, line)| is_item(line)) {
            let belongs = before.is_empty() || before.starts_with(' ') || before.starts_with("- ");
            if !belongs {
                joined.push(format!("{path}: {item}"));
            }
        }
    }
    assert!(joined.is_empty(), "lists without an empty line before them:\n{}", joined.join("\n"));
}

/// Returns the names of all functions in the sources of a folder.
fn functions(folder: &std::path::Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            functions(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let names = text.split("fn ").skip(1).filter_map(|rest| rest.split(['(', '<']).next());
            found.extend(names.map(str::to_owned));
        }
    }
}

#[test]
fn tests_named_by_the_claims_exist() {
    let mut known = BTreeSet::new();
    ["crates", "verify"].iter().for_each(|folder| functions(&root().join(folder), &mut known));
    let page = read("docs/claims.md");
    let rows = page.lines().skip_while(|l| !l.starts_with("| claim | formula | test |")).skip(2);
    let mut named = Vec::new();
    for row in rows.take_while(|l| l.starts_with('|')) {
        let cell = row.split(" | ").nth(2).unwrap_or_default();
        named.extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    assert!(named.len() >= 14, "{named:?}");
    let missing: Vec<_> = named.iter().filter(|name| !known.contains(*name)).collect();
    assert!(missing.is_empty(), "docs/claims.md names tests that do not exist: {missing:?}");
}

/// Pages of the theory and single decisions are all of one kind, which their indexes state.
#[test]
fn pages_state_their_kind_and_what_they_assume() {
    let kinds = ["Tutorial", "How-to", "Reference", "Explanation"];
    let states = |text: &str| {
        text.lines().any(|l| kinds.iter().any(|kind| l.starts_with(&format!("*{kind}. Assumes "))))
    };
    let single = |path: &str| {
        path.starts_with("docs/theory/")
            || path.starts_with("docs/decisions/0")
            || path == "docs/conventions.md"
    };
    let root = ROOT_PAGES.into_iter().filter(|path| !["README.md", "CHANGELOG.md"].contains(path));
    let pages = markdown("docs").into_iter().filter(|path| !single(path));
    let pages: Vec<_> = pages.chain(root.map(str::to_owned)).collect();
    assert!(pages.len() > 10, "{pages:?}");
    let silent: Vec<_> = pages.iter().filter(|path| !states(&read(path))).collect();
    assert!(silent.is_empty(), "pages without a line '*Kind. Assumes ..*': {silent:?}");
}
