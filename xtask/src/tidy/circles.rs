//! No circles between the files of a crate.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::modules::{Edges, Modules};
use crate::result::Result;
use crate::workspace::Workspace;

/// No file of a crate uses a file that uses it in turn, directly or through others.
pub(super) fn files_form_no_circle(workspace: &Workspace) -> Result<Vec<String>> {
    let mut crates = BTreeMap::<&str, Vec<(&str, &str)>>::new();
    for file in workspace.files.iter().filter(|file| file.path.ends_with(".rs")) {
        let below = file.path.strip_prefix("crates/").unwrap_or(&file.path);
        if let Some((name, path)) = below.split_once("/src/")
            && !name.contains('/')
        {
            crates.entry(name).or_default().push((path, &file.text));
        }
    }
    let mut violations = Vec::new();
    for (name, files) in &crates {
        let found = circles(files).map_err(|error| format!("{name}: {error}"))?;
        violations.extend(found.iter().map(|circle| format!("{name}: {circle}")));
    }
    Ok(violations)
}

/// Describes each circle between `files`, which are paths below `src/` with their texts.
fn circles(files: &[(&str, &str)]) -> Result<Vec<String>> {
    let edges = Modules::read(files)?.edges();
    let describe = |circle: BTreeSet<usize>| {
        let names: Vec<&str> = circle.iter().map(|file| files[*file].0).collect();
        let mut text = format!("the files {} use each other", names.join(", "));
        let inside = edges.iter().filter(|((a, b), _)| circle.contains(a) && circle.contains(b));
        for ((from, to), witness) in inside {
            let (from, to) = (files[*from].0, files[*to].0);
            let _ = write!(text, "\n  {from}:{} uses {to}: {}", witness.line, witness.path);
        }
        text
    };
    Ok(groups(files.len(), &edges).into_iter().map(describe).collect())
}

/// The largest groups of files in which each file reaches each other one.
fn groups(files: usize, edges: &Edges) -> Vec<BTreeSet<usize>> {
    let reached: Vec<BTreeSet<usize>> = (0..files).map(|file| reachable(file, edges)).collect();
    let mut groups = BTreeSet::new();
    for file in 0..files {
        let back = reached[file].iter().copied().filter(|other| reached[*other].contains(&file));
        let group: BTreeSet<usize> = back.collect();
        if !group.is_empty() {
            groups.insert(group);
        }
    }
    groups.into_iter().collect()
}

/// All files that `file` uses, directly or through others. `file` itself only on a circle.
fn reachable(file: usize, edges: &Edges) -> BTreeSet<usize> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![file]);
    while let Some(from) = open.pop() {
        let used = edges.range((from, 0)..=(from, usize::MAX)).map(|((_, to), _)| *to);
        open.extend(used.filter(|to| reached.insert(*to)));
    }
    reached
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small crate, and what is reported about it.
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

    fn check(cases: &[Case<'_>]) {
        for (name, files, expected) in cases {
            assert_eq!(circles(files).unwrap(), *expected, "{name}");
        }
    }

    #[test]
    fn circles_are_reported_with_their_files_and_a_line_for_each_use() {
        check(&[
            (
                "two files",
                &[
                    ("lib.rs", "mod a; mod b;"),
                    ("a.rs", "\nuse crate::b::B; pub struct A;"),
                    ("b.rs", "pub struct B; fn f() { let _ = super::a::A; }"),
                ],
                &["the files a.rs, b.rs use each other\n  a.rs:2 uses b.rs: crate::b::B\n  \
                   b.rs:1 uses a.rs: super::a::A"],
            ),
            (
                "three files, with a grouped import",
                &[
                    ("lib.rs", "mod a; mod b; mod c;"),
                    ("a.rs", "use std::fmt;\nuse crate::{b::{self, B}};"),
                    ("b.rs", "use crate::c; pub struct B; type C = c::C;"),
                    ("c.rs", "pub struct C; impl C { fn f() { vec![crate::a::g()]; } }"),
                ],
                &["the files a.rs, b.rs, c.rs use each other\n  a.rs:2 uses b.rs: crate::b::B\n  \
                   b.rs:1 uses c.rs: c::C\n  c.rs:1 uses a.rs: crate::a::g"],
            ),
            (
                "through a re-export in the root",
                &[
                    ("lib.rs", "mod a; mod b; pub use a::A; pub(crate) use b::B as Bee;"),
                    ("a.rs", "use crate::Bee; pub struct A;"),
                    ("b.rs", "use crate::A; pub struct B;"),
                ],
                &["the files a.rs, b.rs use each other\n  a.rs:1 uses b.rs: crate::Bee\n  \
                   b.rs:1 uses a.rs: crate::A"],
            ),
            (
                "through a glob and the re-export of a folder",
                &[
                    ("lib.rs", "mod a; mod f;"),
                    ("a.rs", "use crate::f::*; pub struct A(F);"),
                    ("f/mod.rs", "mod g; pub use g::F;"),
                    ("f/g.rs", "pub struct F; type A = crate::a::A;"),
                ],
                &["the files a.rs, f/g.rs use each other\n  a.rs:1 uses f/g.rs: F\n  \
                   f/g.rs:1 uses a.rs: crate::a::A"],
            ),
            (
                "a parent that uses the item of a child that uses its own",
                &[
                    ("lib.rs", "mod p;"),
                    ("p/c.rs", "use super::P; pub fn g() {}"),
                    ("p/mod.rs", "mod c; pub struct P; fn f() { c::g() }"),
                ],
                &[
                    "the files p/c.rs, p/mod.rs use each other\n  p/c.rs:1 uses p/mod.rs: super::P\n  \
                   p/mod.rs:1 uses p/c.rs: c::g",
                ],
            ),
            (
                "a root that uses a re-exported name itself",
                &[
                    ("a.rs", "use crate::R; pub struct A;"),
                    ("lib.rs", "mod a; pub use a::A;\npub struct R; fn f(_: A) {}"),
                ],
                &["the files a.rs, lib.rs use each other\n  a.rs:1 uses lib.rs: crate::R\n  \
                   lib.rs:2 uses a.rs: A"],
            ),
        ]);
    }

    #[test]
    fn tests_comments_strings_and_re_exports_close_no_circle() {
        let b = ("b.rs", "use crate::a::A; pub struct B;");
        let root = ("lib.rs", "mod a; mod b; pub use a::A; pub use b::B;");
        check(&[
            ("one way", &[root, ("a.rs", "pub struct A;"), b], &[]),
            (
                "comment",
                &[root, ("a.rs", "/// [`crate::b::B`]\npub struct A; // crate::B"), b],
                &[],
            ),
            ("string", &[root, ("a.rs", "pub struct A; const S: &str = \"crate::b::B\";"), b], &[]),
            (
                "tests inside",
                &[root, ("a.rs", "pub struct A; #[cfg(test)] mod tests { use crate::B; }"), b],
                &[],
            ),
            (
                "tests in a file",
                &[
                    root,
                    ("a.rs", "pub struct A; #[cfg(test)] mod tests;"),
                    ("a/tests.rs", "use super::*; use crate::b::B;"),
                    b,
                ],
                &[],
            ),
            (
                "a module inside a file",
                &[root, ("a.rs", "pub struct A; mod m { use super::*; fn f(_: super::A) {} }"), b],
                &[],
            ),
            (
                "a program beside a library",
                &[root, ("a.rs", "pub struct A;"), b, ("main.rs", "mod a; fn main() { a::A; }")],
                &[],
            ),
            (
                "the name of another crate",
                &[root, ("a.rs", "use other::b::B; pub struct A; fn f(x: T) { x.b.B() }"), b],
                &[],
            ),
        ]);
    }

    #[test]
    fn a_file_that_is_no_rust_is_named() {
        let error = circles(&[("lib.rs", "fn f() { \"")]).unwrap_err().to_string();
        assert!(error.starts_with("lib.rs cannot be read as Rust"), "{error}");
    }

    #[test]
    fn only_the_files_of_a_crate_count() {
        let file = |path: &str, text: &str| crate::workspace::File {
            path: path.into(),
            text: text.into(),
        };
        let files = vec![
            file("crates/x/src/a.rs", "use crate::b::B;"),
            file("crates/x/src/b.rs", "use crate::a::A;"),
            file("crates/y/tests/src/a.rs", "use crate::b::B;"),
            file("crates/y/tests/src/b.rs", "use crate::a::A;"),
        ];
        let workspace = Workspace { root: Default::default(), packages: Vec::new(), files };
        let found = files_form_no_circle(&workspace).unwrap();
        assert!(found.len() == 1 && found[0].starts_with("x: the files a.rs, b.rs"), "{found:?}");
    }
}
