//! Where an open file is.

use std::fs::File;
use std::io;
use std::path::Path;

/// Where an open file is, seen from the path at which it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// The path leads to it.
    There,
    /// It has another name, or its directory has.
    Moved,
    /// It has no name: no path leads to it.
    Deleted,
}

/// Looks where the file is.
#[cfg(unix)]
pub(crate) fn place(file: &File, path: &Path) -> io::Result<Place> {
    use std::os::unix::fs::MetadataExt;

    let open = file.metadata()?;
    let is_there = match path.metadata() {
        Ok(found) => (found.dev(), found.ino()) == (open.dev(), open.ino()),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            false
        }
        // The directory may not be searched now: the file may well be there.
        Err(_) => true,
    };
    Ok(match (is_there, open.nlink()) {
        // A file system may count no links.
        (true, _) => Place::There,
        (false, 0) => Place::Deleted,
        (false, _) => Place::Moved,
    })
}

/// Looks whether the path leads to a file.
#[cfg(not(unix))]
pub(crate) fn place(_: &File, path: &Path) -> io::Result<Place> {
    Ok(if path.exists() { Place::There } else { Place::Moved })
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_is_followed_by_its_number() {
        let dir = tempfile::tempdir().unwrap();
        let (path, other) = (dir.path().join("d/f"), dir.path().join("d/g"));
        let fresh = || {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            File::create(&path).unwrap()
        };
        let file = fresh();
        assert_eq!(place(&file, &path).unwrap(), Place::There);
        fs::rename(&path, &other).unwrap();
        assert_eq!(place(&file, &path).unwrap(), Place::Moved);
        let next = fresh();
        assert_eq!(place(&file, &path).unwrap(), Place::Moved);
        assert_eq!(place(&next, &path).unwrap(), Place::There);
        fs::remove_file(&path).unwrap();
        assert_eq!(place(&next, &path).unwrap(), Place::Deleted);
        fs::rename(dir.path().join("d"), dir.path().join("e")).unwrap();
        assert_eq!(place(&file, &other).unwrap(), Place::Moved);
        fs::remove_dir_all(dir.path().join("e")).unwrap();
        assert_eq!(place(&file, &other).unwrap(), Place::Deleted);
    }
}
