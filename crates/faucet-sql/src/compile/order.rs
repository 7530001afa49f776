//! The order in which queries are planned. Pure.

/// Two queries of a circle: the first reads what the second writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Circle {
    pub(crate) reader: usize,
    pub(crate) writer: usize,
}

/// Puts queries behind those that they depend on. `depends[n]` are those of the query `n`.
///
/// # Errors
/// A circle.
pub(crate) fn order(depends: &[Vec<usize>]) -> Result<Vec<usize>, Circle> {
    let mut done = vec![false; depends.len()];
    let mut order = Vec::new();
    while order.len() < depends.len() {
        let is_next = |n: &usize| !done[*n] && depends[*n].iter().all(|other| done[*other]);
        match (0..depends.len()).find(is_next) {
            Some(next) => {
                done[next] = true;
                order.push(next);
            }
            None => return Err(circle(depends, &done)),
        }
    }
    Ok(order)
}

/// Goes from one query to another that it waits for, until one comes a second time.
fn circle(depends: &[Vec<usize>], done: &[bool]) -> Circle {
    let waits_for = |n: usize| depends[n].iter().copied().find(|other| !done[*other]);
    let mut seen = vec![false; depends.len()];
    let mut reader = done.iter().position(|done| !done).unwrap_or_default();
    loop {
        seen[reader] = true;
        let writer = waits_for(reader).unwrap_or(reader);
        if seen[writer] {
            return Circle { reader, writer };
        }
        reader = writer;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_stand_behind_what_they_read() {
        for (depends, expected) in [
            (vec![], Ok(vec![])),
            (vec![vec![1], vec![], vec![0, 1]], Ok(vec![1, 0, 2])),
            (vec![vec![0]], Err(Circle { reader: 0, writer: 0 })),
            (vec![vec![], vec![2], vec![1]], Err(Circle { reader: 2, writer: 1 })),
            (vec![vec![1], vec![2], vec![1]], Err(Circle { reader: 2, writer: 1 })),
        ] {
            assert_eq!(order(&depends), expected, "{depends:?}");
        }
    }
}
