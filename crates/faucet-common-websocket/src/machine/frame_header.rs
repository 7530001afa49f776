//! The header of a frame (RFC 6455 §5.2), and everything that a header can violate.

use crate::machine::control::{LONGEST, opcode};
use crate::machine::role::Role;
use crate::machine::violation::Violation;

pub(crate) const FIN: u8 = 0x80;
pub(crate) const OPCODE: u8 = 0x0f;
/// The bit of a compressed message, in its first frame (RFC 7692 §6).
pub(crate) const COMPRESSED: u8 = 0x40;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;

/// The frames that may come next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// The end of the connection that receives the frame.
    pub(crate) role: Role,
    /// Whether a fragmented message has begun.
    pub(crate) inside: bool,
    /// Whether permessage-deflate was agreed.
    pub(crate) deflate: bool,
}

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) first: u8,
    pub(crate) len: u64,
    /// The size of the header itself, with the mask key.
    pub(crate) size: usize,
    pub(crate) key: Option<[u8; 4]>,
}

impl Header {
    /// The header at the beginning of `buf`; `None` while not all of it is there.
    ///
    /// # Errors
    /// A header that may not come. A wrong mask, reserved bits and opcodes show with the first two
    /// bytes.
    pub(crate) fn parse(buf: &[u8], expected: Expected) -> Result<Option<Self>, Violation> {
        let Some(&[first, second]) = buf.first_chunk::<2>() else { return Ok(None) };
        let masked = second & MASKED != 0;
        check(first, masked, expected)?;
        let Some((size, len)) = length(buf, second & !MASKED) else { return Ok(None) };
        if first & OPCODE >= opcode::CLOSE && len > LONGEST as u64 {
            return Err(Violation::LongControl);
        }
        if !masked {
            return Ok(Some(Self { first, len, size, key: None }));
        }
        let key = buf.get(size..).and_then(|rest| rest.first_chunk::<4>());
        Ok(key.map(|key| Self { first, len, size: size + key.len(), key: Some(*key) }))
    }
}

/// Checks the first byte of a frame, and the mask bit.
fn check(first: u8, masked: bool, expected: Expected) -> Result<(), Violation> {
    let opcode = first & OPCODE;
    let begins = matches!(opcode, opcode::TEXT | opcode::BINARY);
    let allowed = if expected.deflate && begins { COMPRESSED } else { 0 };
    if first & RESERVED & !allowed != 0 {
        return Err(Violation::ReservedBits);
    }
    match (expected.role, masked) {
        (Role::Client, true) => return Err(Violation::Masked),
        (Role::Server, false) => return Err(Violation::NotMasked),
        _ => {}
    }
    match opcode {
        opcode::CONTINUATION if !expected.inside => Err(Violation::NothingToContinue),
        opcode::TEXT | opcode::BINARY if expected.inside => Err(Violation::Interleaved),
        opcode::CONTINUATION | opcode::TEXT | opcode::BINARY => Ok(()),
        opcode::CLOSE | opcode::PING | opcode::PONG if first & FIN == 0 => {
            Err(Violation::FragmentedControl)
        }
        opcode::CLOSE | opcode::PING | opcode::PONG => Ok(()),
        other => Err(Violation::Opcode(other)),
    }
}

/// The size of a header without a mask key, and the payload's length. `None`: not all of it is here.
fn length(buf: &[u8], short: u8) -> Option<(usize, u64)> {
    match short {
        126 => {
            let &[_, _, a, b] = buf.first_chunk::<4>()?;
            Some((4, u64::from(u16::from_be_bytes([a, b]))))
        }
        127 => {
            let &[_, _, length @ ..] = buf.first_chunk::<10>()?;
            Some((10, u64::from_be_bytes(length)))
        }
        _ => Some((2, u64::from(short))),
    }
}
