//! The inflated bytes that a message may refer to.

/// The last bytes of all inflated messages: a ring.
#[derive(Debug)]
pub(super) struct History {
    /// Grows up to `size`.
    bytes: Vec<u8>,
    /// The oldest byte, once the ring is full.
    oldest: usize,
    size: usize,
}

impl History {
    /// Keeps `size` bytes.
    pub(super) fn of(size: usize) -> Self {
        Self { bytes: Vec::new(), oldest: 0, size }
    }

    /// Appends `bytes`; the oldest make room.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let bytes = &bytes[bytes.len().saturating_sub(self.size)..];
        let (growing, bytes) = bytes.split_at(bytes.len().min(self.size - self.bytes.len()));
        if !growing.is_empty() {
            // `Vec` would reserve twice what the ring can use.
            let wanted = (self.bytes.len() + growing.len()).next_power_of_two().min(self.size);
            self.bytes.reserve_exact(wanted - self.bytes.len());
            self.bytes.extend_from_slice(growing);
        }
        let (front, back) = bytes.split_at(bytes.len().min(self.size - self.oldest));
        self.bytes[self.oldest..self.oldest + front.len()].copy_from_slice(front);
        self.bytes[..back.len()].copy_from_slice(back);
        self.oldest = (self.oldest + bytes.len()) % self.size;
    }

    /// The bytes from the oldest to the latest, in two pieces.
    pub(super) fn pieces(&self) -> [&[u8]; 2] {
        let (latest, oldest) = self.bytes.split_at(self.oldest);
        [oldest, latest]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bytes_are_kept_whatever_the_pieces() {
        for size in [1, 2, 7, 8] {
            for step in 1..20 {
                let mut history = History::of(size);
                let all: Vec<u8> = (0..100).collect();
                let mut pushed = 0;
                for piece in all.chunks(step) {
                    history.push(piece);
                    pushed += piece.len();
                    let kept = history.pieces().concat();
                    assert_eq!(kept, all[pushed.saturating_sub(size)..pushed], "{size} {step}");
                    assert!(history.bytes.capacity() <= size);
                }
                history.push(&[]);
                assert_eq!(history.pieces().concat(), all[100 - size..]);
            }
        }
    }
}
