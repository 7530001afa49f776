//! The table of faults: each row names a test, and each named test exists.

use std::collections::BTreeMap;

use proc_macro2::{TokenStream, TokenTree};

use crate::result::Result;
use crate::workspace::Workspace;

/// The page with the tables.
const PAGE: &str = "docs/faults.md";
/// The last column of a table whose rows need a test.
const COLUMN: &str = "test";

pub(super) fn named_tests_exist(workspace: &Workspace) -> Result<Vec<String>> {
    let page = workspace.file(PAGE).ok_or_else(|| format!("{PAGE} is missing"))?;
    let mut tests = Tests { workspace, known: BTreeMap::new() };
    let mut found = Vec::new();
    for (line, cells) in rows(page) {
        let place = format!("{PAGE}:{line}");
        let names = cells.last().map(|cell| names(cell)).unwrap_or_default();
        if names.is_empty() {
            found.push(format!("{place}: the row names no test"));
        }
        for name in names {
            if !tests.contain(name)? {
                found.push(format!("{place}: there is no test {name}"));
            }
        }
    }
    Ok(found)
}

/// The rows of the tables that have a column for tests, each with its line and its cells.
fn rows(page: &str) -> impl Iterator<Item = (usize, Vec<&str>)> {
    let mut counts = None;
    page.lines().enumerate().filter_map(move |(index, line)| {
        let cells = cells(line);
        if cells.is_empty() {
            counts = None;
            return None;
        }
        let is_rule = cells.iter().all(|cell| cell.chars().all(|c| c == '-' || c == ':'));
        match counts {
            None => counts = Some(cells.last() == Some(&COLUMN)),
            Some(true) if !is_rule => return Some((index + 1, cells)),
            Some(_) => {}
        }
        None
    })
}

/// The cells of a line of a table; none for another line. A `\|` divides no cells.
fn cells(line: &str) -> Vec<&str> {
    let Some(inner) = line.trim().strip_prefix('|').and_then(|line| line.strip_suffix('|')) else {
        return Vec::new();
    };
    let mut cells = Vec::new();
    let mut start = 0;
    for (at, _) in inner.match_indices('|') {
        if !inner[..at].ends_with('\\') {
            cells.push(inner[start..at].trim());
            start = at + 1;
        }
    }
    cells.push(inner[start..].trim());
    cells
}

/// The paths in a cell: between backticks, with at least a crate, a file and a test.
fn names(cell: &str) -> Vec<&str> {
    let quoted = cell.split('`').skip(1).step_by(2);
    quoted.filter(|text| text.matches("::").count() >= 2).collect()
}

/// The tests of the files that were looked into.
struct Tests<'a> {
    workspace: &'a Workspace,
    known: BTreeMap<&'a str, Vec<String>>,
}

impl Tests<'_> {
    /// Whether `crate::path::name` is a test: `crate` without `faucet-`, `path` the end of the path of
    /// a file in it, or of the folder of its `tests.rs`.
    fn contain(&mut self, path: &str) -> Result<bool> {
        let segments: Vec<&str> = path.split("::").collect();
        let [package, folders @ .., name] = &segments[..] else { return Ok(false) };
        let (begin, end) = (format!("crates/faucet-{package}/"), folders.join("/"));
        for file in &self.workspace.files {
            let inside = file.path.strip_prefix(&begin).and_then(|path| path.strip_suffix(".rs"));
            let Some(inside) = inside else { continue };
            let of_folder = inside.strip_suffix("/tests").unwrap_or(inside);
            let named =
                |path: &str| path.strip_suffix(&end).is_some_and(|rest| rest.ends_with('/'));
            if !named(inside) && !named(of_folder) {
                continue;
            }
            if !self.known.contains_key(file.path.as_str()) {
                self.known.insert(&file.path, tests(&file.text)?);
            }
            if self.known[file.path.as_str()].iter().any(|known| known == name) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The names of the functions with `#[test]`, `#[tokio::test]` or one of these with arguments.
fn tests(text: &str) -> Result<Vec<String>> {
    let mut found = Vec::new();
    collect(text.parse()?, &mut found);
    Ok(found)
}

fn collect(stream: TokenStream, found: &mut Vec<String>) {
    let mut is_test = false;
    let mut tokens = stream.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '#' => {
                if let Some(TokenTree::Group(attribute)) = tokens.peek() {
                    is_test |= marks_a_test(attribute.stream());
                    tokens.next();
                }
            }
            TokenTree::Ident(word) if word == "fn" => {
                if let (true, Some(TokenTree::Ident(name))) = (is_test, tokens.peek()) {
                    found.push(name.to_string());
                }
                is_test = false;
            }
            // The body of a module, or of a function.
            TokenTree::Group(group) => collect(group.stream(), found),
            _ => {}
        }
    }
}

fn marks_a_test(attribute: TokenStream) -> bool {
    let path: Vec<TokenTree> =
        attribute.into_iter().take_while(|token| !matches!(token, TokenTree::Group(_))).collect();
    matches!(path.last(), Some(TokenTree::Ident(word)) if word == "test")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::File;

    const CODE: &str = "
        fn helper() {}
        #[test]
        fn plain() {}
        mod tests {
            #[cfg(unix)]
            #[tokio::test(start_paused = true)]
            pub async fn paused() { fn inner() {} }
            #[test_case]
            fn other() {}
            // #[test] fn commented() {}
            const TEXT: &str = \"#[test] fn quoted() {}\";
        }";

    fn said(page: &str) -> Vec<String> {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let files = vec![
            file(PAGE, page),
            file("crates/faucet-core/src/a/b.rs", CODE),
            file("crates/faucet-core/tests/c.rs", "#[test] fn far() {}"),
            file("crates/faucet-core/src/a/d/tests.rs", "#[test] fn apart() {}"),
        ];
        let workspace = Workspace { root: Default::default(), packages: Vec::new(), files };
        named_tests_exist(&workspace).unwrap()
    }

    #[test]
    fn tests_are_found_by_their_attributes() {
        assert_eq!(tests(CODE).unwrap(), ["plain", "paused"]);
        assert!(tests("fn {").is_err());
    }

    #[test]
    fn each_named_test_must_exist_in_its_file() {
        for (cell, missing) in [
            ("`core::b::plain`", None),
            ("`core::a::b::paused` and `core::c::far`", None),
            ("`core::b::plain` with `reconnect: true`", None),
            ("`core::a::d::apart` and `core::d::tests::apart`", None),
            ("`core::b::helper`", Some("there is no test core::b::helper")),
            ("`core::b::quoted`", Some("there is no test core::b::quoted")),
            ("`core::c::plain`", Some("there is no test core::c::plain")),
            ("`core::x::b::plain`", Some("there is no test core::x::b::plain")),
            ("`connect::b::plain`", Some("there is no test connect::b::plain")),
            ("`core::b::plain`, `core::b::gone`", Some("there is no test core::b::gone")),
            ("by hand", Some("the row names no test")),
            ("`plain`", Some("the row names no test")),
        ] {
            let page = format!(
                "# x\n\n| what | must | test |\n|---|:--:|---|\n| a \\| b | c | {cell} |\n"
            );
            let expected: Vec<String> =
                missing.iter().map(|what| format!("{PAGE}:5: {what}")).collect();
            assert_eq!(said(&page), expected, "{cell}");
        }
    }

    #[test]
    fn tables_without_a_column_for_tests_need_none() {
        let page = "| fault | why |\n|---|---|\n| a | b |\n\n| a | test |\n|---|---|\n| x | y |\n";
        assert_eq!(said(page), [format!("{PAGE}:7: the row names no test")]);
        let none = Workspace { root: Default::default(), packages: Vec::new(), files: Vec::new() };
        assert!(named_tests_exist(&none).is_err());
    }
}
