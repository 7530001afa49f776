//! Certificates of X.509 version 1, which no library makes any more.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use der::asn1::{AnyRef, BitStringRef};
use der::{Decode, Encode, Reader, Tag};
use rcgen::{KeyPair, SigningKey};
use rustls::pki_types::CertificateDer;

/// The same certificate in version 1, signed by `issuer`: what comes behind the version and in front of
/// the extensions stays.
pub(crate) fn version_one_of(
    certificate: &CertificateDer<'_>,
    issuer: &KeyPair,
) -> CertificateDer<'static> {
    let fields = fields_of(certificate);
    let signed = sequence(&fields_of(&fields[0])[1..7]);
    let signature = issuer.sign(&signed).expect("the key can sign");
    let signature = BitStringRef::from_bytes(&signature).expect("a signature is short");
    let signature = signature.to_der().expect("a signature is short");
    CertificateDer::from(sequence(&[signed, fields[1].clone(), signature]))
}

/// The fields of a sequence, each with its tag and length.
fn fields_of(sequence: &[u8]) -> Vec<Vec<u8>> {
    let whole = AnyRef::from_der(sequence).expect("a certificate is DER");
    let fields = whole.sequence(|reader: &mut _| {
        let mut fields = Vec::new();
        while !Reader::is_finished(reader) {
            fields.push(reader.tlv_bytes()?.to_vec());
        }
        Ok::<_, der::Error>(fields)
    });
    fields.expect("a certificate is a sequence of sequences")
}

fn sequence(fields: &[Vec<u8>]) -> Vec<u8> {
    let content = fields.concat();
    let whole = AnyRef::new(Tag::Sequence, &content).and_then(|whole| whole.to_der());
    whole.expect("a certificate is short")
}

/// The PEM form.
pub(crate) fn pem_of(certificate: &[u8]) -> String {
    let text = STANDARD.encode(certificate);
    let lines: Vec<String> =
        text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}
