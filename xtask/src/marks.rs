//! Parts of a text that are made anew, between two marks.

use crate::result::Result;

/// The text of the file `path` with `inner` between the marks `<!-- name -->` and `<!-- /name -->`.
///
/// # Errors
/// A mark is missing.
pub(crate) fn replaced(path: &str, text: &str, name: &str, inner: &str) -> Result<String> {
    let (open, close) = (format!("<!-- {name} -->"), format!("<!-- /{name} -->"));
    let outside = text
        .split_once(&open)
        .and_then(|(before, rest)| rest.split_once(&close).map(|(_, after)| (before, after)));
    let (before, after) = outside.ok_or_else(|| format!("{path} lacks {open} … {close}"))?;
    Ok(format!("{before}{open}\n{inner}{close}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_between_the_marks_is_replaced() {
        let once = replaced("a.md", "x\n<!-- t -->\nold\n<!-- /t -->\ny\n", "t", "new\n").unwrap();
        assert_eq!(once, "x\n<!-- t -->\nnew\n<!-- /t -->\ny\n");
        assert_eq!(replaced("a.md", &once, "t", "new\n").unwrap(), once);
    }

    #[test]
    fn a_missing_mark_is_an_error_that_names_the_file() {
        for text in ["", "<!-- t -->", "<!-- /t --><!-- t -->"] {
            let error = replaced("a.md", text, "t", "").unwrap_err().to_string();
            assert_eq!(error, "a.md lacks <!-- t --> … <!-- /t -->");
        }
    }
}
