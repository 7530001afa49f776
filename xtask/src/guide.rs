//! The guide for authors of connectors: its files are those of `examples/acme`.

use crate::result::Result;
use crate::workspace::Workspace;

/// The guide.
pub(crate) const GUIDE: &str = "docs/writing-a-connector.md";
/// Where its files are.
const FILES: &str = "examples/acme/";

const OPEN: &str = "<!-- file: ";
const CLOSE: &str = "<!-- /file -->";

/// The guide with its files anew.
pub(crate) fn guide(workspace: &Workspace) -> Result<String> {
    let read = |path: &str| workspace.file(&format!("{FILES}{path}"));
    filled(workspace.file(GUIDE).unwrap_or_default(), &read)
}

fn filled<'a>(guide: &str, read: &dyn Fn(&str) -> Option<&'a str>) -> Result<String> {
    let mut out = String::with_capacity(guide.len());
    let mut rest = guide;
    while let Some((before, after)) = rest.split_once(OPEN) {
        let (path, after) = after.split_once(" -->").ok_or("a file's mark has no end")?;
        let (_, after) = after.split_once(CLOSE).ok_or_else(|| format!("{path} has no {CLOSE}"))?;
        let text = read(path).ok_or_else(|| format!("{GUIDE} names {path}, which is not there"))?;
        let language = path.rsplit('.').next().unwrap_or_default().replace("rs", "rust");
        // The reader's crate stands beside the checkout, not in it.
        let text = text.replace("../../crates", "../faucet-stream/crates");
        out.push_str(&format!("{before}{OPEN}{path} -->\n\n```{language}\n{text}```\n\n{CLOSE}"));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stand_between_their_marks() {
        let read = |path: &str| (path == "src/a.rs").then_some("fn a() {}\n");
        let guide = "x\n<!-- file: src/a.rs -->\nold\n<!-- /file -->\ny\n";
        let expected =
            "x\n<!-- file: src/a.rs -->\n\n```rust\nfn a() {}\n```\n\n<!-- /file -->\ny\n";
        assert_eq!(filled(guide, &read).unwrap(), expected);
        assert_eq!(filled(expected, &read).unwrap(), expected);
        assert!(filled("<!-- file: b -->\n<!-- /file -->", &read).is_err());
        assert!(filled("<!-- file: src/a.rs -->", &read).is_err());
    }
}
