//! An inflater for tests: short, slow, and written from RFC 1951 alone.

/// The lengths of matches begin here (RFC 1951 §3.2.5), and each has so many extra bits.
const LENGTHS: [usize; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];
const LENGTH_BITS: [usize; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
/// The order in which the lengths of the code lengths' codes are sent (RFC 1951 §3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// An inflated payload.
pub(super) struct Inflated {
    pub(super) message: Vec<u8>,
    /// The largest distance of a match.
    pub(super) longest: usize,
}

/// Inflates a payload whose matches may refer to `history`. `None`: it is corrupt.
pub(super) fn inflate(payload: &[u8], history: &[u8]) -> Option<Inflated> {
    let input = [payload, &super::TAIL].concat();
    let mut reader = Reader {
        input: &input,
        at: 0,
        payload: payload.len() * 8,
        out: history.to_vec(),
        longest: 0,
    };
    while reader.at.div_ceil(8) < input.len() {
        let last = reader.bits(1)? == 1;
        match reader.bits(2)? {
            0 => reader.stored()?,
            1 => {
                let literals = [vec![8; 144], vec![9; 112], vec![7; 24], vec![8; 8]].concat();
                reader.compressed(&Code::new(&literals)?, &Code::new(&[5; 32])?)?;
            }
            2 => reader.dynamic()?,
            _ => return None,
        }
        if last {
            reader.at = reader.at.next_multiple_of(8);
        }
    }
    let message = reader.out.split_off(history.len());
    Some(Inflated { message, longest: reader.longest })
}

struct Reader<'a> {
    input: &'a [u8],
    /// The next bit.
    at: usize,
    /// The bits of the payload. Nothing may come out of those behind it.
    payload: usize,
    out: Vec<u8>,
    longest: usize,
}

impl Reader<'_> {
    fn bits(&mut self, n: usize) -> Option<usize> {
        let mut value = 0;
        for bit in 0..n {
            let byte = self.input.get(self.at / 8)?;
            value |= usize::from(byte >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Some(value)
    }

    fn push(&mut self, byte: u8) -> Option<()> {
        self.out.push(byte);
        (self.at <= self.payload).then_some(())
    }

    fn stored(&mut self) -> Option<()> {
        self.at = self.at.next_multiple_of(8);
        let (len, complement) = (self.bits(16)?, self.bits(16)?);
        if len != !complement & 0xffff {
            return None;
        }
        for _ in 0..len {
            let byte = self.bits(8)? as u8;
            self.push(byte)?;
        }
        Some(())
    }

    fn compressed(&mut self, literals: &Code, distances: &Code) -> Option<()> {
        loop {
            match literals.symbol(self)? {
                byte @ 0..256 => self.push(byte as u8)?,
                256 => return Some(()),
                length => {
                    let base = LENGTHS.get(length - 257)?;
                    let length = base + self.bits(LENGTH_BITS[length - 257])?;
                    let symbol = distances.symbol(self)?;
                    let extra = (symbol / 2).saturating_sub(1);
                    let base = if symbol < 4 { symbol } else { (2 + symbol % 2) << extra };
                    let distance = (symbol < 30).then_some(1 + base + self.bits(extra)?)?;
                    self.longest = self.longest.max(distance);
                    for _ in 0..length {
                        let from = self.out.len().checked_sub(distance)?;
                        self.push(self.out[from])?;
                    }
                }
            }
        }
    }

    fn dynamic(&mut self) -> Option<()> {
        let (literals, distances) = (257 + self.bits(5)?, 1 + self.bits(5)?);
        let codes = 4 + self.bits(4)?;
        if literals > 286 || distances > 30 {
            return None;
        }
        let mut lengths = [0; 19];
        for place in &ORDER[..codes] {
            lengths[*place] = self.bits(3)?;
        }
        let code = Code::new(&lengths).filter(|code| code.is_complete)?;
        let mut lengths = Vec::new();
        while lengths.len() < literals + distances {
            let (length, times) = match code.symbol(self)? {
                16 => (*lengths.last()?, 3 + self.bits(2)?),
                17 => (0, 3 + self.bits(3)?),
                18 => (0, 11 + self.bits(7)?),
                length => (length, 1),
            };
            lengths.extend(std::iter::repeat_n(length, times));
        }
        if lengths.len() > literals + distances || lengths[256] == 0 {
            return None;
        }
        let (literals, distances) = lengths.split_at(literals);
        self.compressed(&Code::new(literals)?, &Code::new(distances)?)
    }
}

/// A Huffman code (RFC 1951 §3.2.2).
struct Code {
    /// Length, bits and symbol of each code.
    codes: Vec<(usize, usize, usize)>,
    is_complete: bool,
}

impl Code {
    /// `None`: no code has these lengths. A single code of one bit is one.
    fn new(lengths: &[usize]) -> Option<Self> {
        let mut codes = Vec::new();
        let mut next = 0;
        for length in 1..=15 {
            next <<= 1;
            for (symbol, _) in lengths.iter().enumerate().filter(|(_, l)| **l == length) {
                codes.push((length, next, symbol));
                next += 1;
            }
            if next > 1 << length {
                return None;
            }
        }
        let is_complete = next == 1 << 15;
        let is_short = codes.iter().all(|(length, ..)| *length == 1);
        (is_complete || is_short).then_some(Self { codes, is_complete })
    }

    fn symbol(&self, reader: &mut Reader<'_>) -> Option<usize> {
        let mut bits = 0;
        for length in 1..=15 {
            bits = bits << 1 | reader.bits(1)?;
            let found = self.codes.iter().find(|(l, b, _)| (*l, *b) == (length, bits));
            if let Some((.., symbol)) = found {
                return Some(*symbol);
            }
        }
        None
    }
}
