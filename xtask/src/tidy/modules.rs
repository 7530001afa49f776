//! The modules of one crate, and which file uses which.

use std::collections::BTreeMap;

use super::source::{CodePath, Import, Scope, Source, child};
use crate::result::Result;

/// Longest chain of re-exports that is followed. A longer one leads back to itself.
const MOST_REEXPORTS: usize = 16;

/// A line in which one file uses an item of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Witness {
    pub(super) line: usize,
    pub(super) path: String,
}

/// The uses between the files of a crate: the user, the used file, and the first line that shows it.
pub(super) type Edges = BTreeMap<(usize, usize), Witness>;

/// The modules of one crate. A file is named by its index.
#[derive(Debug)]
pub(super) struct Modules {
    /// The file of each module, inline modules included.
    files: BTreeMap<Scope, usize>,
    sources: Vec<Source>,
}

/// Where a path leads.
enum Target {
    File(usize),
    /// To a module itself, or to another crate.
    NoItem,
    Unknown,
}

impl Modules {
    /// Reads the files of a crate, given as paths below `src/` with their texts.
    pub(super) fn read(files: &[(&str, &str)]) -> Result<Self> {
        let library = files.iter().any(|(path, _)| *path == "lib.rs");
        let mut modules = Self { files: BTreeMap::new(), sources: Vec::new() };
        for (file, (path, text)) in files.iter().enumerate() {
            let scope = match *path {
                // Beside a library it is a crate of its own.
                "main.rs" if library => None,
                path if path.starts_with("bin/") => None,
                path => Some(module_of(path)),
            };
            let source = match &scope {
                Some(scope) => Source::read(text, scope.clone())
                    .map_err(|error| format!("{path} cannot be read as Rust: {error}"))?,
                None => Source::default(),
            };
            modules.files.extend(source.inline_modules.iter().map(|module| (module.clone(), file)));
            modules.files.extend(scope.map(|scope| (scope, file)));
            modules.sources.push(source);
        }
        modules.drop_tests();
        Ok(modules)
    }

    /// Forgets the files that are compiled for tests only.
    fn drop_tests(&mut self) {
        let tests: Vec<Scope> =
            self.sources.iter().flat_map(|source| source.test_modules.iter().cloned()).collect();
        let sources = &mut self.sources;
        self.files.retain(|module, file| {
            let is_test = tests.iter().any(|test| module.starts_with(test));
            if is_test {
                sources[*file] = Source::default();
            }
            !is_test
        });
    }

    /// All uses of one file by another.
    pub(super) fn edges(&self) -> Edges {
        let mut edges = Edges::new();
        for (from, source) in self.sources.iter().enumerate() {
            let mut add = |to: Target, line: usize, path: &[String]| {
                let Target::File(to) = to else { return };
                if to != from {
                    let witness = Witness { line, path: path.join("::") };
                    let first = edges.entry((from, to)).or_insert_with(|| witness.clone());
                    *first = first.clone().min(witness);
                }
            };
            // A re-export is an edge only where the file itself uses its name.
            for import in source.imports.iter().filter(|import| !import.exported && !import.glob) {
                add(self.resolve(&import.scope, &import.path, 0), import.line, &import.path);
            }
            for path in &source.paths {
                add(self.resolve_code(path), path.line, &path.segments);
            }
        }
        edges
    }

    fn resolve_code(&self, path: &CodePath) -> Target {
        let CodePath { scope, segments, .. } = path;
        if segments.len() > 1 {
            match self.resolve(scope, segments, 0) {
                Target::Unknown => {}
                target => return target,
            }
        } else if self.import(scope, &segments[0]).is_some_and(|import| import.exported) {
            return self.resolve(scope, segments, 0);
        }
        self.through_globs(scope, segments, 0)
    }

    /// Follows a path that stands in the module `scope`.
    fn resolve(&self, scope: &[String], path: &[String], depth: usize) -> Target {
        let Some((first, mut rest)) = path.split_first() else { return Target::NoItem };
        let mut module = match first.as_str() {
            "crate" => Vec::new(),
            "self" => scope.to_vec(),
            "super" => parent(scope),
            first if self.files.contains_key(&child(scope, first)) => child(scope, first),
            first => {
                return match self.import(scope, first) {
                    Some(import) => self.follow(import, rest, depth),
                    None => Target::Unknown,
                };
            }
        };
        while let [first, after @ ..] = rest
            && first == "super"
        {
            (module, rest) = (parent(&module), after);
        }
        match self.member(&module, rest, depth) {
            // An item that a macro makes.
            Target::Unknown => {
                self.files.get(&module).map_or(Target::Unknown, |file| Target::File(*file))
            }
            target => target,
        }
    }

    /// Follows a path from `module` downwards.
    fn member(&self, module: &[String], path: &[String], depth: usize) -> Target {
        let Some((first, rest)) = path.split_first() else { return Target::NoItem };
        let inner = child(module, first);
        if self.files.contains_key(&inner) {
            return match self.member(&inner, rest, depth) {
                Target::Unknown => Target::File(self.files[&inner]),
                target => target,
            };
        }
        if let Some(import) = self.import(module, first) {
            return self.follow(import, rest, depth);
        }
        let Some(&file) = self.files.get(module) else { return Target::Unknown };
        let items = self.sources[file].items.get(module);
        if items.is_some_and(|items| items.contains(first)) {
            return Target::File(file);
        }
        self.through_globs(module, path, depth)
    }

    /// Follows `rest` from the item that `import` names.
    fn follow(&self, import: &Import, rest: &[String], depth: usize) -> Target {
        if depth == MOST_REEXPORTS {
            return Target::Unknown;
        }
        let path = [&import.path[..], rest].concat();
        match self.resolve(&import.scope, &path, depth + 1) {
            Target::Unknown => Target::NoItem,
            target => target,
        }
    }

    /// Looks for `path` in the modules whose items `scope` imports with `*`.
    fn through_globs(&self, scope: &[String], path: &[String], depth: usize) -> Target {
        if depth == MOST_REEXPORTS {
            return Target::Unknown;
        }
        for import in self.imports(scope).filter(|import| import.glob) {
            let Some(module) = self.module(scope, &import.path) else { continue };
            match self.member(&module, path, depth + 1) {
                Target::Unknown => {}
                target => return target,
            }
        }
        Target::Unknown
    }

    /// The module that a path in `scope` names.
    fn module(&self, scope: &[String], path: &[String]) -> Option<Scope> {
        let (first, rest) = path.split_first()?;
        let mut module = match first.as_str() {
            "crate" => Vec::new(),
            "self" => scope.to_vec(),
            "super" => parent(scope),
            first => child(scope, first),
        };
        for segment in rest {
            module = if segment == "super" { parent(&module) } else { child(&module, segment) };
        }
        self.files.contains_key(&module).then_some(module)
    }

    fn imports(&self, scope: &[String]) -> impl Iterator<Item = &Import> {
        let source = self.files.get(scope).map(|file| &self.sources[*file]);
        let imports = source.into_iter().flat_map(|source| &source.imports);
        imports.filter(move |import| import.scope == scope)
    }

    fn import(&self, scope: &[String], name: &str) -> Option<&Import> {
        self.imports(scope).find(|import| import.alias.as_deref() == Some(name))
    }
}

fn parent(scope: &[String]) -> Scope {
    scope[..scope.len().saturating_sub(1)].to_vec()
}

/// The module of the file at `path` below `src/`.
fn module_of(path: &str) -> Scope {
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    match path {
        "lib" | "main" => Vec::new(),
        path => path.split('/').map(str::to_owned).collect(),
    }
}
