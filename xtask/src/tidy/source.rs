//! The declarations and paths of one Rust file, as far as the graph of files needs them.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::result::Result;

/// The path of a module from the root of its crate.
pub(super) type Scope = Vec<String>;

/// One name that a `use` declaration brings into a module.
#[derive(Debug, Clone)]
pub(super) struct Import {
    pub(super) scope: Scope,
    pub(super) path: Vec<String>,
    /// The name in the importing module. `None` for `as _` and for a glob.
    pub(super) alias: Option<String>,
    pub(super) glob: bool,
    /// Whether the declaration has a visibility (`pub use`, `pub(crate) use`).
    pub(super) exported: bool,
    pub(super) line: usize,
}

/// A path in the code, outside of `use` declarations.
#[derive(Debug)]
pub(super) struct CodePath {
    pub(super) scope: Scope,
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
}

/// The declarations and paths of one file, without those of its tests.
#[derive(Debug, Default)]
pub(super) struct Source {
    pub(super) imports: Vec<Import>,
    pub(super) paths: Vec<CodePath>,
    /// The modules whose body is in this file.
    pub(super) inline_modules: BTreeSet<Scope>,
    /// The modules that exist in tests only and have a file of their own.
    pub(super) test_modules: BTreeSet<Scope>,
    /// The items that each module of this file defines.
    pub(super) items: BTreeMap<Scope, BTreeSet<String>>,
}

impl Source {
    /// Reads the text of the file whose module is `scope`.
    pub(super) fn read(text: &str, scope: Scope) -> Result<Self> {
        // The lexer drops comments and keeps each string as one token.
        let stream: TokenStream = text.parse()?;
        let mut source = Self::default();
        source.walk(stream, &scope, true);
        Ok(source)
    }

    /// Walks one level of tokens. Only the items of a module's own level are members of it.
    fn walk(&mut self, stream: TokenStream, scope: &Scope, module_level: bool) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Punct(punct) if punct.as_char() == '#' => {
                    self.attribute(&tokens, at, scope)
                }
                TokenTree::Ident(word) => match word.to_string().as_str() {
                    "use" if !is_punct(tokens.get(at + 1), '<') => self.import(&tokens, at, scope),
                    "mod" => self.module(&tokens, at, scope),
                    word => {
                        if module_level && let Some(name) = defined(word, &tokens[at + 1..]) {
                            self.items.entry(scope.clone()).or_default().insert(name);
                        }
                        self.path(&tokens, at, scope)
                    }
                },
                TokenTree::Group(group) => {
                    self.walk(group.stream(), scope, false);
                    at + 1
                }
                _ => at + 1,
            };
        }
    }

    /// Skips an attribute, and with an attribute for tests also its item.
    fn attribute(&mut self, tokens: &[TokenTree], at: usize, scope: &Scope) -> usize {
        let inner = is_punct(tokens.get(at + 1), '!');
        let body = at + 1 + usize::from(inner);
        match tokens.get(body) {
            Some(TokenTree::Group(group)) if !inner && is_for_tests(group) => {
                let item = &tokens[body + 1..];
                if let [TokenTree::Ident(word), TokenTree::Ident(name), end, ..] = item
                    && word == "mod"
                    && is_punct(Some(end), ';')
                {
                    self.test_modules.insert(child(scope, &name.to_string()));
                }
                body + 1 + item_length(item)
            }
            Some(TokenTree::Group(_)) => body + 1,
            _ => at + 1,
        }
    }

    fn module(&mut self, tokens: &[TokenTree], at: usize, scope: &Scope) -> usize {
        if let Some(TokenTree::Ident(name)) = tokens.get(at + 1)
            && let Some(TokenTree::Group(body)) = tokens.get(at + 2)
        {
            let scope = child(scope, &name.to_string());
            self.walk(body.stream(), &scope, true);
            self.inline_modules.insert(scope);
            return at + 3;
        }
        at + 2
    }

    fn import(&mut self, tokens: &[TokenTree], at: usize, scope: &Scope) -> usize {
        let length = tokens[at..].iter().take_while(|t| !is_punct(Some(t), ';')).count();
        let exported = match &tokens[..at] {
            [.., TokenTree::Ident(word)] => word == "pub",
            [.., TokenTree::Ident(word), TokenTree::Group(_)] => word == "pub",
            _ => false,
        };
        let import = Import {
            scope: scope.clone(),
            path: Vec::new(),
            alias: None,
            glob: false,
            exported,
            line: line(&tokens[at]),
        };
        self.tree(&tokens[at + 1..at + length], &import);
        at + length + 1
    }

    /// Notes the names of one tree of a `use` declaration; `prefix` holds the path up to it.
    fn tree(&mut self, tokens: &[TokenTree], prefix: &Import) {
        let mut import = prefix.clone();
        let mut rest = tokens;
        if is_punct(rest.first(), ':') {
            return; // A path that begins with `::` leads to another crate.
        }
        while let [token, after @ ..] = rest {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    import.alias = after.first().map(ToString::to_string).filter(|a| a != "_");
                    return self.imports.push(import);
                }
                TokenTree::Ident(word) if word == "self" && !import.path.is_empty() => {}
                TokenTree::Ident(word) => {
                    import.line = line(token);
                    import.path.push(word.to_string());
                }
                TokenTree::Group(group) => {
                    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
                    for tree in tokens.split(|token| is_punct(Some(token), ',')) {
                        self.tree(tree, &import);
                    }
                    return;
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    import.glob = true;
                    return self.imports.push(import);
                }
                _ => {}
            }
            rest = after;
        }
        if !tokens.is_empty() {
            import.alias = import.path.last().cloned();
            self.imports.push(import);
        }
    }

    fn path(&mut self, tokens: &[TokenTree], at: usize, scope: &Scope) -> usize {
        let mut segments = vec![tokens[at].to_string()];
        let mut end = at + 1;
        while let [a, b, TokenTree::Ident(word), ..] = &tokens[end..]
            && is_punct(Some(a), ':')
            && is_punct(Some(b), ':')
        {
            segments.push(word.to_string());
            end += 3;
        }
        let is_colon = |back| at >= back && is_punct(tokens.get(at - back), ':');
        let before = at.checked_sub(1).and_then(|before| tokens.get(before));
        // A field, a lifetime, or the rest of a path that begins with `::` or `<T>::`.
        let continues = is_punct(before, '.')
            && !is_punct(at.checked_sub(2).and_then(|b| tokens.get(b)), '.')
            || is_punct(before, '\'')
            || (is_colon(1) && is_colon(2));
        if !continues {
            self.paths.push(CodePath { scope: scope.clone(), segments, line: line(&tokens[at]) });
        }
        end
    }
}

/// The module `name` in `scope`.
pub(super) fn child(scope: &[String], name: &str) -> Scope {
    let mut scope = scope.to_vec();
    scope.push(name.to_owned());
    scope
}

fn line(token: &TokenTree) -> usize {
    token.span().start().line
}

fn is_punct(token: Option<&TokenTree>, expected: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == expected)
}

/// The name of the item that begins with `keyword`, if `keyword` begins one.
fn defined(keyword: &str, after: &[TokenTree]) -> Option<String> {
    let name = match (keyword, after) {
        ("macro_rules", [_, name, ..]) => name,
        (
            "struct" | "enum" | "union" | "trait" | "type" | "static" | "fn" | "const",
            [name, ..],
        ) => name,
        _ => return None,
    };
    match name {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    }
}

/// Whether the attribute is `#[test]`, or a `cfg` that needs `test`.
fn is_for_tests(attribute: &Group) -> bool {
    let text: String = attribute.stream().to_string().split_whitespace().collect();
    text == "test" || text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

/// The number of tokens of the item at the start of `tokens`.
fn item_length(tokens: &[TokenTree]) -> usize {
    let is_word = |token: &TokenTree, words: &[&str]| matches!(token, TokenTree::Ident(word) if words.iter().any(|expected| word == expected));
    let ends_with_brace = !tokens.iter().take(3).any(|token| is_word(token, &["use", "static"]));
    for (at, token) in tokens.iter().enumerate() {
        let braces = matches!(token, TokenTree::Group(g) if g.delimiter() == Delimiter::Brace);
        if is_punct(Some(token), ';') || (braces && ends_with_brace) {
            return at + 1;
        }
    }
    tokens.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_taken_apart() {
        for (text, expected) in [
            ("use a::b;", vec!["a::b as b"]),
            ("use a::b as c;", vec!["a::b as c"]),
            ("use a::b as _;", vec!["a::b as "]),
            ("use a::*;", vec!["a::*"]),
            (
                "pub(crate) use a::{self, b::{c, d as e}, f};",
                vec!["pub a as a", "pub a::b::c as c", "pub a::b::d as e", "pub a::f as f"],
            ),
            ("use ::a::b;", vec![]),
            ("fn f() -> impl A + use<'a> { use b::c; }", vec!["b::c as c"]),
            ("// use a;\n/* use b; */ const S: &str = \"use c;\";", vec![]),
            (
                "#[cfg(test)] use a::{b}; #[cfg(test)] mod t { use d; } #[test] fn f() { use e::f; }",
                vec![],
            ),
            ("#[cfg(feature = \"x\")] use a::b;", vec!["a::b as b"]),
        ] {
            let source = Source::read(text, Vec::new()).unwrap();
            let shown = source.imports.iter().map(|import| {
                let to = match (&import.alias, import.glob) {
                    (_, true) => "::*".to_owned(),
                    (alias, _) => format!(" as {}", alias.as_deref().unwrap_or_default()),
                };
                format!(
                    "{}{}{to}",
                    if import.exported { "pub " } else { "" },
                    import.path.join("::")
                )
            });
            assert_eq!(shown.collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn paths_are_found_in_code_and_in_macros_with_their_module_and_line() {
        let text = "fn f() {\n g!(\"{}\", crate::a::B);\n x.y::<Z>();\n}\nmod m {\n const C: u8 = super::d::E; }";
        let source = Source::read(text, vec!["r".into()]).unwrap();
        let long = source.paths.iter().filter(|path| path.segments.len() > 1);
        let found: Vec<_> =
            long.map(|path| (path.scope.join("::"), path.segments.join("::"), path.line)).collect();
        assert_eq!(
            found,
            [
                ("r".into(), "crate::a::B".to_owned(), 2),
                ("r::m".to_owned(), "super::d::E".into(), 6),
            ]
        );
        assert!(!source.paths.iter().any(|path| path.segments == ["y"]), "a field");
        assert!(source.items[&vec!["r".to_owned()]].contains("f"));
    }

    #[test]
    fn modules_of_tests_are_known() {
        let source =
            Source::read("#[cfg(test)]\nmod tests;\nmod m { fn f() {} }", Vec::new()).unwrap();
        assert_eq!(source.test_modules, BTreeSet::from([vec!["tests".to_owned()]]));
        assert_eq!(source.inline_modules, BTreeSet::from([vec!["m".to_owned()]]));
    }
}
