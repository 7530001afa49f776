//! Links between the pages of the repository.

use std::collections::BTreeMap;

use crate::result::Result;
use crate::workspace::{File, Workspace};

/// Each link to a file leads to one, and each link to a heading to a heading.
pub(super) fn links_lead_somewhere(workspace: &Workspace) -> Result<Vec<String>> {
    let pages = workspace.files.iter().filter(|file| file.path.ends_with(".md"));
    let headings: BTreeMap<&str, Vec<String>> =
        pages.clone().map(|page| (page.path.as_str(), headings(&page.text))).collect();
    let is_there = |path: &str| workspace.root.join(path).exists();
    Ok(pages.flat_map(|page| broken(page, &headings, &is_there)).collect())
}

fn broken(
    page: &File,
    headings: &BTreeMap<&str, Vec<String>>,
    is_there: &dyn Fn(&str) -> bool,
) -> Vec<String> {
    let mut broken = Vec::new();
    for (number, target) in links(&page.text) {
        let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
        let path = match path {
            "" => page.path.clone(),
            path => resolved(&page.path, path),
        };
        let has_heading = match headings.get(path.as_str()) {
            Some(headings) if !anchor.is_empty() => headings.iter().any(|name| name == anchor),
            _ => true,
        };
        if !has_heading || !(headings.contains_key(path.as_str()) || is_there(&path)) {
            broken.push(format!("{}:{number}: {target} leads nowhere", page.path));
        }
    }
    broken
}

/// The targets of the links to files and headings, with their lines.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for (number, line) in prose(text) {
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            let Some(target) = rest.split(')').next().filter(|target| target.len() < rest.len())
            else {
                continue;
            };
            if !target.contains("://") && !target.starts_with("mailto:") {
                found.push((number, target));
            }
        }
    }
    found
}

/// The names that links use for the headings of a page.
fn headings(text: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        let depth = line.len() - title.len();
        if let (1..=6, Some(title)) = (depth, title.strip_prefix(' ')) {
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            let name: String = kept.collect::<String>().trim().to_lowercase().replace(' ', "-");
            let same = names.iter().filter(|other| **other == name).count();
            names.push(if same == 0 { name } else { format!("{name}-{same}") });
        }
    }
    names
}

/// The lines outside of code, numbered.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_code = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_code ^= is_fence;
        (!is_code && !is_fence).then_some((index + 1, line))
    })
}

/// The path of the repository to which `target` leads from `page`.
fn resolved(page: &str, target: &str) -> String {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/').filter(|part| !part.is_empty()) {
        match part {
            "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_without_its_file_or_heading_is_named_with_its_line() {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let other =
            file("docs/b.md", "# The `b` page: x\n## Two\n## Two\n```sh\n# no heading\n```\n");
        let headings: BTreeMap<&str, Vec<String>> =
            [("docs/b.md", headings(&other.text)), ("docs/c/a.md", vec!["here".to_owned()])].into();
        assert_eq!(headings["docs/b.md"], ["the-b-page-x", "two", "two-1"]);
        let is_there = |path: &str| path == "docs/c/d.png" || path == "docs/c";
        for (text, expected) in [
            ("[b](../b.md) and [b](../b.md#two-1), [x](#here)", vec![]),
            ("![d](d.png) [all](.) [web](https://example.com/x.md#y)", vec![]),
            ("```\n[b](gone.md)\n```\n", vec![]),
            ("\n[b](../b.md#three)", vec!["docs/c/a.md:2: ../b.md#three leads nowhere"]),
            ("[x](#there)", vec!["docs/c/a.md:1: #there leads nowhere"]),
            ("[b](b.md)", vec!["docs/c/a.md:1: b.md leads nowhere"]),
        ] {
            assert_eq!(
                broken(&file("docs/c/a.md", text), &headings, &is_there),
                expected,
                "{text}"
            );
        }
    }
}
