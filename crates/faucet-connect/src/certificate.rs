//! The outside of X.509 certificates, for those that the TLS library does not take.

use der::asn1::AnyRef;
use der::{Decode, Reader, Tag, TagNumber, Tagged};
use rustls::pki_types::SubjectPublicKeyInfoDer;

/// The signed part of a certificate (RFC 5280 §4.1).
struct Signed<'a> {
    /// The field in front of the others, which version 1 does not have.
    version: Option<AnyRef<'a>>,
    /// The public key, with its tag and length.
    public_key: &'a [u8],
}

impl<'a> Signed<'a> {
    fn read(certificate: &'a [u8]) -> der::Result<Self> {
        AnyRef::from_der(certificate)?.sequence(|outer: &mut _| {
            let signed = AnyRef::decode(outer)?;
            drain(outer)?;
            signed.sequence(Self::read_fields)
        })
    }

    fn read_fields<R: Reader<'a>>(fields: &mut R) -> der::Result<Self> {
        let tagged = Tag::ContextSpecific { constructed: true, number: TagNumber(0) };
        let version = match Tag::peek(fields)? {
            tag if tag == tagged => Some(AnyRef::decode(fields)?),
            _ => None,
        };
        // Serial number, signature algorithm, issuer, validity and subject come before the key.
        for _ in 0..5 {
            fields.tlv_bytes()?;
        }
        let public_key = fields.tlv_bytes()?;
        drain(fields)?;
        Ok(Self { version, public_key })
    }

    fn is_version_one(&self) -> bool {
        // The number of the version counts from 0 (RFC 5280 §4.1.2.1).
        self.version.is_none_or(|version| version.value() == [2, 1, 0])
    }
}

fn drain<'a, R: Reader<'a>>(reader: &mut R) -> der::Result<()> {
    let rest = reader.remaining_len();
    reader.drain(rest)
}

/// Whether a certificate is of X.509 version 1, which has no place for the names of a server and for
/// what a key may be used for.
pub(crate) fn is_version_one(certificate: &[u8]) -> bool {
    Signed::read(certificate).is_ok_and(|signed| signed.is_version_one())
}

/// The public key of a certificate of any version.
pub(crate) fn public_key(certificate: &[u8]) -> Option<SubjectPublicKeyInfoDer<'_>> {
    Signed::read(certificate).ok().map(|signed| signed.public_key.into())
}

/// The contents of a file in DER form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DerContents {
    Certificate,
    Key,
    EncryptedKey,
    Pkcs12,
}

impl DerContents {
    /// Tells them apart by the tags at their beginning.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        // Some tools write PKCS#12 with lengths that DER does not have.
        if matches!(bytes, [0x30, 0x80, 2, 1, 3, ..]) {
            return Some(Self::Pkcs12);
        }
        let whole = AnyRef::from_der(bytes).ok()?;
        let (first, second) = whole
            .sequence(|fields: &mut _| {
                let two = (AnyRef::decode(fields)?, AnyRef::decode(fields)?);
                drain(fields)?;
                Ok::<_, der::Error>(two)
            })
            .ok()?;
        match (first.tag(), second.tag()) {
            (Tag::Integer, Tag::Sequence) if first.value() == [3] => Some(Self::Pkcs12),
            (Tag::Integer, Tag::Sequence | Tag::Integer | Tag::OctetString) => Some(Self::Key),
            (Tag::Sequence, Tag::OctetString) => Some(Self::EncryptedKey),
            (Tag::Sequence, Tag::Sequence) => Some(Self::Certificate),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A value with its tag and a short length.
    fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
        [&[tag, u8::try_from(value.len()).unwrap()], value].concat()
    }

    fn certificate(version: &[u8]) -> Vec<u8> {
        let before = [tlv(2, &[7]), tlv(0x30, &[]), tlv(0x30, &[]), tlv(0x30, &[]), tlv(0x30, &[])];
        let key = tlv(0x30, b"key");
        let signed = tlv(0x30, &[version, &before.concat(), &key].concat());
        tlv(0x30, &[signed, tlv(0x30, &[]), tlv(3, &[0, 1])].concat())
    }

    #[test]
    fn the_version_and_the_key_are_found() {
        for (version, one) in
            [(vec![], true), (tlv(0xa0, &[2, 1, 0]), true), (tlv(0xa0, &[2, 1, 2]), false)]
        {
            let bytes = certificate(&version);
            assert_eq!(is_version_one(&bytes), one, "{version:?}");
            assert_eq!(public_key(&bytes).unwrap().as_ref(), tlv(0x30, b"key"));
            assert_eq!(DerContents::of(&bytes), Some(DerContents::Certificate));
            assert!(public_key(&bytes[..bytes.len() - 1]).is_none());
        }
        assert!(!is_version_one(b"no certificate"));
    }

    #[test]
    fn forms_of_files_are_told_apart() {
        let zero = tlv(2, &[0]);
        for (fields, contents) in [
            ([tlv(2, &[3]), tlv(0x30, &[])], Some(DerContents::Pkcs12)),
            ([zero.clone(), tlv(0x30, &[])], Some(DerContents::Key)),
            ([zero, tlv(2, &[5])], Some(DerContents::Key)),
            ([tlv(2, &[1]), tlv(4, &[5])], Some(DerContents::Key)),
            ([tlv(0x30, &[]), tlv(4, &[])], Some(DerContents::EncryptedKey)),
            ([tlv(4, &[]), tlv(4, &[])], None),
        ] {
            assert_eq!(DerContents::of(&tlv(0x30, &fields.concat())), contents, "{fields:?}");
        }
        let indefinite = [0x30, 0x80, 2, 1, 3, 0x30, 0x80, 6];
        assert_eq!(DerContents::of(&indefinite), Some(DerContents::Pkcs12));
        assert_eq!(DerContents::of(b"-----BEGIN"), None);
    }
}
