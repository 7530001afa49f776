//! The places that an edit keeps or drops, and the checks for contradictions.

use super::pointer::Pointer;

/// Which places an [`Edit`](super::Edit) leaves in a JSON text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// All of them.
    All,
    /// Only these and what is inside of them, with the objects and arrays around them.
    Keep(Vec<Pointer>),
    /// All but these.
    Drop(Vec<Pointer>),
}

/// Why an [`Edit`](super::Edit) makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// No place is kept, dropped or renamed.
    #[error("names no place; give at least one JSON pointer")]
    NoPlace,
    /// The whole value cannot be dropped and has no name.
    #[error("the empty pointer is the whole value, which can neither be dropped nor renamed")]
    WholeValue,
    /// Two new names for one place.
    #[error("`{0}` gets two new names")]
    RenamedTwice(Pointer),
    /// Two places of one object get one new name.
    #[error("`{0}` and `{1}` get the same new name")]
    SameName(Pointer, Pointer),
    /// A renamed place is dropped, or inside of a dropped one.
    #[error("`{0}` is dropped, so it cannot be renamed")]
    RenameDropped(Pointer),
    /// A renamed place is not among those that are kept.
    #[error("`{0}` is not kept, so it cannot be renamed; keep it too")]
    RenameNotKept(Pointer),
    /// Elements of one array are counted from the front and from the end.
    #[error("`{0}` counts from the front and another pointer counts the same array from its end")]
    BothEnds(Pointer),
}

/// Refuses new names that contradict the choice or each other.
pub(super) fn check_renames(
    choice: &Choice,
    rename: &[(Pointer, String)],
) -> Result<(), EditError> {
    let parent = |place: &Pointer| place.tokens().split_last().map(|(_, outer)| outer.to_vec());
    for (number, (place, name)) in rename.iter().enumerate() {
        if place.is_whole() {
            return Err(EditError::WholeValue);
        }
        for (other, other_name) in &rename[..number] {
            if other != place && name == other_name && parent(place) == parent(other) {
                return Err(EditError::SameName(other.clone(), place.clone()));
            }
        }
        match choice {
            Choice::Drop(places) if places.iter().any(|dropped| place.is_within(dropped)) => {
                return Err(EditError::RenameDropped(place.clone()));
            }
            Choice::Keep(places)
                if !places.iter().any(|kept| place.is_within(kept) || kept.is_within(place)) =>
            {
                return Err(EditError::RenameNotKept(place.clone()));
            }
            _ => {}
        }
    }
    Ok(())
}
