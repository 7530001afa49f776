//! Pages that show files of the repository: the guide for authors of connectors those of `examples/acme`, the
//! cookbook those of `examples/providers`.

use std::collections::BTreeMap;

use crate::result::Result;
use crate::workspace::Workspace;

/// The guide.
pub(crate) const GUIDE: &str = "docs/writing-a-connector.md";
/// Where its files are.
const FILES: &str = "examples/acme/";

/// The pages of the cookbook, one for each file.
const COOKBOOK: &str = "docs/cookbook/";
/// The index of the cookbook, which shows no file.
const INDEX: &str = "docs/cookbook/README.md";
/// Where its files are.
const PROVIDERS: &str = "examples/providers/";

const OPEN: &str = "<!-- file: ";
const CLOSE: &str = "<!-- /file -->";

/// The guide with its files anew.
pub(crate) fn guide(workspace: &Workspace) -> Result<String> {
    let read = |path: &str| {
        // The reader's crate stands beside the checkout, not in it.
        let text = workspace.file(&format!("{FILES}{path}"))?;
        Some(text.replace("../../crates", "../faucet-stream/crates"))
    };
    filled(GUIDE, workspace.file(GUIDE).unwrap_or_default(), &read)
}

/// The pages of the cookbook with their files anew, by path.
pub(crate) fn cookbook(workspace: &Workspace) -> Result<BTreeMap<String, String>> {
    let read = |path: &str| workspace.file(&format!("{PROVIDERS}{path}")).map(str::to_owned);
    let is_page = |path: &str| path.starts_with(COOKBOOK) && path.ends_with(".md") && path != INDEX;
    let mut pages = BTreeMap::new();
    for page in workspace.files.iter().filter(|file| is_page(&file.path)) {
        if !page.text.contains(OPEN) {
            return Err(format!("{} shows no file: it lacks {OPEN}NAME -->", page.path).into());
        }
        pages.insert(page.path.clone(), filled(&page.path, &page.text, &read)?);
    }
    Ok(pages)
}

fn filled(page: &str, text: &str, read: &dyn Fn(&str) -> Option<String>) -> Result<String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (path, after) = after.split_once(" -->").ok_or("a file's mark has no end")?;
        let (_, after) = after.split_once(CLOSE).ok_or_else(|| format!("{path} has no {CLOSE}"))?;
        let text = read(path).ok_or_else(|| format!("{page} names {path}, which is not there"))?;
        let language = path.rsplit('.').next().unwrap_or_default().replace("rs", "rust");
        out.push_str(&format!("{before}{OPEN}{path} -->\n\n```{language}\n{text}```\n\n{CLOSE}"));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::File;

    #[test]
    fn files_stand_between_their_marks() {
        let read = |path: &str| (path == "src/a.rs").then(|| "fn a() {}\n".to_owned());
        let page = "x\n<!-- file: src/a.rs -->\nold\n<!-- /file -->\ny\n";
        let expected =
            "x\n<!-- file: src/a.rs -->\n\n```rust\nfn a() {}\n```\n\n<!-- /file -->\ny\n";
        assert_eq!(filled("p.md", page, &read).unwrap(), expected);
        assert_eq!(filled("p.md", expected, &read).unwrap(), expected);
        let error = filled("p.md", "<!-- file: b -->\n<!-- /file -->", &read).unwrap_err();
        assert_eq!(error.to_string(), "p.md names b, which is not there");
        assert!(filled("p.md", "<!-- file: src/a.rs -->", &read).is_err());
    }

    fn workspace(page: &str) -> Workspace {
        let file = |path: &str, text: &str| File { path: path.into(), text: text.into() };
        let files = vec![
            file("docs/cookbook/README.md", "the index"),
            file("docs/cookbook/okx.md", page),
            file("docs/start.md", "another page"),
            file("examples/providers/okx.yaml", "source: {}\n"),
        ];
        Workspace { root: Default::default(), packages: Vec::new(), files }
    }

    #[test]
    fn each_page_of_the_cookbook_shows_its_file() {
        let page = "a\n<!-- file: okx.yaml -->\nold\n<!-- /file -->\n";
        let pages = cookbook(&workspace(page)).unwrap();
        let shown = "a\n<!-- file: okx.yaml -->\n\n```yaml\nsource: {}\n```\n\n<!-- /file -->\n";
        let expected = [("docs/cookbook/okx.md".to_owned(), shown.to_owned())];
        assert_eq!(pages, expected.into());
        let error = cookbook(&workspace("no file")).unwrap_err().to_string();
        assert!(error.starts_with("docs/cookbook/okx.md shows no file"), "{error}");
        assert!(cookbook(&workspace("<!-- file: b.yaml -->\n<!-- /file -->")).is_err());
    }
}
