//! The last records of a run, while somebody looks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use faucet_core::{StreamPage, Timestamp};

/// So many records of a component are kept.
const MOST: usize = 10;
/// So many bytes of each.
const LONGEST: usize = 4096;
/// Records are kept for so long after the last look.
const LOOKED_FOR: Duration = Duration::from_secs(10);

/// One of the last records of a component.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Peek {
    /// When the record was received.
    pub received_at: Timestamp,
    /// The beginning of its payload: at most 4096 bytes.
    pub payload: Vec<u8>,
    /// The length of the payload in bytes.
    pub bytes: usize,
}

/// The last records of the components. Nothing is kept while nobody looks.
#[derive(Debug, Default)]
pub(crate) struct Peeks {
    /// Until then somebody looks, in milliseconds since the start of the run.
    until: AtomicU64,
    last: Mutex<BTreeMap<Arc<str>, VecDeque<Peek>>>,
}

impl Peeks {
    /// Keeps the last records of a page if somebody looks.
    pub(crate) fn see(&self, id: &Arc<str>, page: &StreamPage, since_start: Duration) {
        if self.until.load(Relaxed) <= millis(since_start) || page.is_empty() {
            return;
        }
        let first = page.len().saturating_sub(MOST);
        let records = page.range(first..page.len()).map(|record| {
            let bytes = record.as_bytes();
            let payload = bytes[..bytes.len().min(LONGEST)].to_vec();
            Peek { received_at: record.received_at(), payload, bytes: bytes.len() }
        });
        let mut last = self.last();
        let kept = last.entry(Arc::clone(id)).or_default();
        kept.extend(records);
        kept.drain(..kept.len().saturating_sub(MOST));
    }

    /// The last records by component, oldest first. From now on records are kept for a while.
    pub(crate) fn look(&self, since_start: Duration) -> BTreeMap<Arc<str>, Vec<Peek>> {
        let now = millis(since_start);
        let mut last = self.last();
        if self.until.swap(now.saturating_add(millis(LOOKED_FOR)), Relaxed) <= now {
            // These are from the last time that somebody looked.
            last.clear();
        }
        last.iter().map(|(id, kept)| (Arc::clone(id), kept.iter().cloned().collect())).collect()
    }

    fn last(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, VecDeque<Peek>>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use faucet_core::{Payload, Record};

    use super::*;

    fn page(texts: &[String]) -> StreamPage {
        let at = Timestamp::from_unix_millis(7);
        texts.iter().map(|text| Record::new(Payload::Text(text.clone().into()), at)).collect()
    }

    fn kept(peeks: &Peeks, at: u64) -> Vec<String> {
        let looked = peeks.look(Duration::from_secs(at)).remove("a").unwrap_or_default();
        looked.into_iter().map(|peek| String::from_utf8(peek.payload).unwrap()).collect()
    }

    #[test]
    fn the_last_records_are_kept_while_somebody_looks() {
        let (peeks, id) = (Peeks::default(), Arc::from("a"));
        let see = |texts: &[&str], at| {
            let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
            peeks.see(&id, &page(&texts), Duration::from_secs(at));
        };
        see(&["early"], 1);
        assert_eq!(kept(&peeks, 2), [""; 0], "nobody had looked");
        see(&["1", "2"], 3);
        see(&[], 3);
        see(&["3"], 4);
        assert_eq!(kept(&peeks, 5), ["1", "2", "3"]);
        see(&["late"], 16);
        assert_eq!(kept(&peeks, 20), [""; 0], "nobody had looked for long");
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let (peeks, id) = (Peeks::default(), Arc::from("a"));
        kept(&peeks, 0);
        let texts: Vec<String> = (0..2 * MOST).map(|n| n.to_string()).collect();
        peeks.see(&id, &page(&texts), Duration::ZERO);
        peeks.see(&id, &page(&["x".repeat(2 * LONGEST)]), Duration::ZERO);
        let looked = peeks.look(Duration::ZERO).remove("a").unwrap();
        assert_eq!((looked.len(), looked[0].payload.as_slice()), (MOST, b"11".as_slice()));
        let last = &looked[MOST - 1];
        assert_eq!((last.payload.len(), last.bytes), (LONGEST, 2 * LONGEST));
    }
}
