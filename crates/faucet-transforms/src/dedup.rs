//! Drops records whose key is a repeated one.

use std::num::NonZeroUsize;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use faucet_core::select::{Pointer, Pointers, Seen, SeenError};
use faucet_core::{
    Carry, Delivery, Error, ErrorKind, Info, Out, PageStage, PayloadRef, Problem, Problems,
    RecordRef, Result, Scope, StreamPage, Transform, TransformConfig,
};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::place::pointers;

const NAME: &str = "dedup";
const DEFAULT_RECORDS: u32 = 10_000;
const MOST_RECORDS: u32 = 1_000_000;

/// Drops a record whose key is among the last different keys. The first record of each key stays,
/// byte for byte.
///
/// Dropped records are counted as `duplicates`. With `state` in the pipeline file the keys outlive the
/// run: a source that resumes and sends records again makes no duplicates. When a newer program
/// hashes keys in another way than the one that saved them, the run starts without the keys and counts
/// one `key_resets`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "dedup transform", extend("examples" = [{"key": ["/id"]}]))]
pub struct DedupConfig {
    /// JSON pointers of the places that together are the key, such as `["/symbol", "/id"]`. Without
    /// it the whole payload is the key.
    ///
    /// Strings are equal by content, other values by their text: `1` and `1.0` differ. A record that
    /// has none of the places, or is not JSON, is never a duplicate.
    #[serde(default)]
    #[schemars(with = "Vec<Pointer>", extend("default" = [], "examples" = [["/symbol", "/id"]]))]
    pub key: Vec<String>,

    /// How many different keys are remembered, from 1 to 1000000. The oldest key is forgotten first.
    /// A key takes about 50 bytes of memory, and 16 bytes in the state.
    #[serde(default = "default_records")]
    #[schemars(range(min = 1, max = 1_000_000), extend("examples" = [10_000]))]
    pub records: u32,
}

fn default_records() -> u32 {
    DEFAULT_RECORDS
}

impl Default for DedupConfig {
    fn default() -> Self {
        Self { key: Vec::new(), records: DEFAULT_RECORDS }
    }
}

impl TransformConfig for DedupConfig {
    const NAME: &'static str = NAME;
    type Transform = Dedup;

    fn build(self) -> Result<Dedup, Problems> {
        let mut problems = Problems::new();
        let places = pointers(&self.key, "key", &mut problems);
        let limit = Some(self.records)
            .filter(|records| *records <= MOST_RECORDS)
            .and_then(|records| NonZeroUsize::new(records as usize));
        problems.push_if(limit.is_none(), || {
            Problem::out_of_range("records", format!("a whole number from 1 to {MOST_RECORDS}"))
        });
        problems.into_result()?;
        let key = (!places.is_empty()).then(|| Arc::new(Pointers::new(places)));
        Ok(Dedup { key, limit: limit.unwrap_or(NonZeroUsize::MIN) })
    }
}

/// Drops records whose key is a repeated one; see [`DedupConfig`].
#[derive(Debug, Clone)]
pub struct Dedup {
    /// `None`: the whole payload is the key.
    key: Option<Arc<Pointers>>,
    limit: NonZeroUsize,
}

impl Dedup {
    /// The counter of runs that started without the keys of an earlier run.
    pub const KEY_RESETS: &'static str = "key_resets";

    /// Checks the configuration.
    ///
    /// # Errors
    /// All problems together.
    pub fn new(config: DedupConfig) -> Result<Self> {
        Ok(config.build()?)
    }
}

#[async_trait]
impl Transform for Dedup {
    fn info(&self) -> Info {
        Info::new(NAME, "", Delivery::AtLeastOnce)
    }

    /// Starts a run with the saved keys.
    ///
    /// # Errors
    /// Saved keys that are damaged: without them the run would let duplicates pass in silence.
    async fn open(&self, scope: &Scope) -> Result<Box<dyn PageStage>> {
        let saved = scope.saved().map(|saved| Seen::from_bytes(saved, self.limit));
        let seen = match saved {
            None => Seen::new(self.limit),
            Some(Ok(seen)) => seen,
            // The hashes of another hasher stay useless: an error would stop each run after an upgrade.
            Some(Err(SeenError::OtherHasher)) => {
                scope.counters().add(Self::KEY_RESETS, 1);
                Seen::new(self.limit)
            }
            Some(Err(error)) => {
                return Err(Error::new(ErrorKind::Other, "cannot read the saved keys of dedup")
                    .with_source(error)
                    .with_hint(
                        "restore the state file from a copy, or remove it; without it the run \
                         starts from the beginning",
                    ));
            }
        };
        Ok(Box::new(Stage {
            key: self.key.clone(),
            seen,
            saved: None,
            buffer: Vec::new(),
            scope: scope.clone(),
        }))
    }
}

struct Stage {
    key: Option<Arc<Pointers>>,
    seen: Seen,
    /// The bytes of `seen` since its last new key.
    saved: Option<Bytes>,
    /// One key; kept for its memory.
    buffer: Vec<u8>,
    scope: Scope,
}

impl Stage {
    /// Remembers the record and tells whether it is new.
    fn is_new(&mut self, record: &RecordRef<'_>) -> bool {
        self.buffer.clear();
        match &self.key {
            None => {
                // A text and a binary record with the same bytes are different records.
                self.buffer.push(match record.payload() {
                    PayloadRef::Json(_) => b'j',
                    PayloadRef::Text(_) => b't',
                    _ => b'b',
                });
                self.buffer.extend_from_slice(record.as_bytes());
            }
            Some(key) => {
                let PayloadRef::Json(json) = record.payload() else { return true };
                if !key.key_of(json, &mut self.buffer) {
                    return true;
                }
            }
        }
        let new = self.seen.insert(&self.buffer);
        if new {
            self.saved = None;
        }
        new
    }
}

#[async_trait]
impl PageStage for Stage {
    async fn push(&mut self, _input: usize, mut page: StreamPage, out: &mut Out) -> Result<()> {
        let before = page.len();
        page.retain(|record| self.is_new(&record));
        let dropped = before - page.len();
        if dropped > 0 {
            self.scope.counters().add("duplicates", dropped as u64);
            page.compact();
        }
        out.emit(page);
        Ok(())
    }

    fn snapshot(&mut self) -> Result<Carry> {
        let seen = &self.seen;
        let saved = self.saved.get_or_insert_with(|| seen.to_bytes().into());
        Ok(Carry::Saved(saved.clone()))
    }

    async fn finish(&mut self, _out: &mut Out) -> Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use faucet_core::Record;
    use proptest::prelude::*;

    use super::*;
    use crate::harness::{Run, binary, json, open, text};

    fn dedup(key: &[&str], records: u32) -> Dedup {
        let key = key.iter().map(|place| (*place).to_owned()).collect();
        Dedup::new(DedupConfig { key, records }).unwrap()
    }

    fn saved(carry: &Carry) -> Bytes {
        match carry {
            Carry::Saved(bytes) => bytes.clone(),
            other => panic!("saved keys, not {other:?}"),
        }
    }

    #[test]
    fn the_first_of_each_key_stays() {
        let records = vec![
            json(r#"{"id":1, "v":2.10}"#),
            json(r#"{"id":1,"v":3}"#),
            json(r#"{"id":1, "v":2.10}"#),
            json(r#"{"id":1.0}"#),
            json(r#"{"v":1}"#),
            json(r#"{"v":1}"#),
            text("1"),
            text("1"),
            binary(b"1"),
            json("1"),
            text(r#"{"id":1}"#),
        ];
        for (key, expected) in [
            (&[][..], &[0, 1, 3, 4, 6, 8, 9, 10][..]),
            (&["/id"], &[0, 3, 4, 5, 6, 7, 8, 9, 10]),
            (&["/id", "/v"], &[0, 1, 3, 4, 6, 7, 8, 9, 10]),
        ] {
            let run = Run::of(&dedup(key, 100), vec![records.clone()]);
            let kept: Vec<Record> = expected.iter().map(|n| records[*n].clone()).collect();
            assert_eq!(run.records, kept, "{key:?}");
            let duplicates = (records.len() - kept.len()) as u64;
            assert_eq!(run.scope.counters().get_own("duplicates"), duplicates);
        }
    }

    #[test]
    fn only_the_last_keys_are_known() {
        let records: Vec<Record> = ["1", "2", "1", "3", "1"].map(json).to_vec();
        let run = Run::of(&dedup(&[], 2), vec![records]);
        assert_eq!(run.payloads(), ["1", "2", "3", "1"]);
    }

    #[test]
    fn saved_keys_that_cannot_be_used() {
        let first = Run::of(&dedup(&[], 5), vec![vec![json("1")]]);
        let good = saved(&first.carry);
        let mut other = good.to_vec();
        other[1] ^= 1;
        let scope = Scope::new("t").with_saved(other);
        let run = Run::within(scope, &dedup(&[], 5), vec![StreamPage::new(vec![json("1")])]);
        assert_eq!(run.payloads(), ["1"]);
        assert_eq!(run.scope.counters().get_own(Dedup::KEY_RESETS), 1);
        let scope = Scope::new("t").with_saved(good.slice(..good.len() - 1));
        let error = open(&dedup(&[], 5), &scope).err().unwrap();
        assert!(format!("{error:#}").contains("damaged"), "{error:#}");
        assert!(error.hint().is_some_and(|hint| hint.contains("state file")));
        assert_eq!(scope.counters().get_own(Dedup::KEY_RESETS), 0);
    }

    #[test]
    fn a_snapshot_follows_each_new_key() {
        let mut stage = open(&dedup(&[], 5), &Scope::new("t")).unwrap();
        let mut seen = Vec::new();
        for text in ["1", "1", "2"] {
            let mut out = Out::default();
            let page = StreamPage::new(vec![json(text)]);
            futures_util::FutureExt::now_or_never(stage.push(0, page, &mut out)).unwrap().unwrap();
            seen.push(saved(&stage.snapshot().unwrap()).len());
        }
        assert_eq!(seen, [33, 33, 49]);
    }

    #[test]
    fn mistakes_are_named_with_their_place() {
        for (config, expected) in [
            (DedupConfig { key: vec!["/a".into(), "b".into()], records: 1 }, "key[1]: "),
            (DedupConfig { records: 0, ..DedupConfig::default() }, "records: out of range"),
            (DedupConfig { records: 1_000_001, ..DedupConfig::default() }, "records: out of range"),
        ] {
            let problems = config.build().unwrap_err();
            assert!(problems.to_string().starts_with(expected), "{problems}");
        }
        let most = DedupConfig { records: MOST_RECORDS, ..DedupConfig::default() };
        assert!(most.build().is_ok());
    }

    proptest! {
        #[test]
        fn a_restart_between_two_pages_changes_nothing(
            numbers in proptest::collection::vec(0..9u8, 1..40), limit in 1..6u32, size in 1..6usize
        ) {
            let transform = dedup(&["/id"], limit);
            let record = |n: &u8| json(&format!("{{\"id\":{n}}}"));
            let pages: Vec<Vec<Record>> =
                numbers.chunks(size).map(|page| page.iter().map(record).collect()).collect();
            let uncut = Run::of(&transform, pages.clone());
            for cut in 0..=pages.len() {
                let first = Run::of(&transform, pages[..cut].to_vec());
                let scope = Scope::new("t").with_saved(saved(&first.carry));
                let second = Run::within(scope, &transform, pages[cut..].iter().cloned().map(StreamPage::new).collect());
                let mut together = first.records;
                together.extend(second.records);
                prop_assert_eq!(&together, &uncut.records);
                prop_assert_eq!(&second.carry, &uncut.carry);
            }
        }
    }
}
