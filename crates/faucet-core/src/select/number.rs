//! A JSON number as its text, compared by exact value.

use std::cmp::Ordering;

/// A JSON number as it is written. Numbers compare by value, digit by digit and without rounding:
/// `1`, `1.0` and `10e-1` are equal, `9007199254740993` and `9007199254740992` are not.
#[derive(Debug, Clone, Copy)]
pub struct Number<'a>(&'a str);

impl<'a> Number<'a> {
    /// Reads the JSON value `value`; `None` where it is not a number.
    pub fn new(value: &'a [u8]) -> Option<Self> {
        let text = std::str::from_utf8(value.trim_ascii()).ok()?;
        let digits = |text: &'a str| {
            let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
            (rest.len() < text.len()).then_some(rest)
        };
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let mut rest = digits(unsigned)?;
        if unsigned.starts_with('0') && unsigned.len() - rest.len() > 1 {
            return None;
        }
        if let Some(fraction) = rest.strip_prefix('.') {
            rest = digits(fraction)?;
        }
        if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
            rest = digits(exponent.strip_prefix(['+', '-']).unwrap_or(exponent))?;
        }
        rest.is_empty().then_some(Self(text))
    }

    /// The number as it is written.
    pub fn text(&self) -> &'a str {
        self.0
    }

    /// The number, where it is written as an integer that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The number, where it is written as an integer that fits.
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The nearest floating-point number; `None` beyond the range of `f64`.
    pub fn as_f64(&self) -> Option<f64> {
        self.0.parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn decimal(&self) -> Decimal<'a> {
        let negative = self.0.starts_with('-');
        let unsigned = self.0.trim_start_matches('-');
        let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
        let whole = mantissa.find('.').unwrap_or(mantissa.len());
        // Zero has no first digit and is below any power of ten.
        let Some(first) = mantissa.find(|c: char| matches!(c, '1'..='9')) else {
            return Decimal { negative: false, power: i64::MIN, digits: "" };
        };
        let power = match first.checked_sub(whole + 1) {
            Some(zeros) => -(zeros as i64),
            None => (whole - first) as i64,
        };
        let beyond = if exponent.starts_with('-') { i64::MIN + 1 } else { i64::MAX };
        let exponent = exponent.parse().unwrap_or(beyond);
        Decimal { negative, power: power.saturating_add(exponent), digits: &mantissa[first..] }
    }
}

/// `0.DIGITS` times ten to the `power`; `digits` may have a point inside and zeros at its end.
struct Decimal<'a> {
    negative: bool,
    power: i64,
    digits: &'a str,
}

impl Decimal<'_> {
    fn cmp_size(&self, other: &Self) -> Ordering {
        self.power.cmp(&other.power).then_with(|| {
            let mut ours = self.digits.bytes().filter(|b| *b != b'.');
            let mut theirs = other.digits.bytes().filter(|b| *b != b'.');
            loop {
                match (ours.next(), theirs.next()) {
                    (None, None) => return Ordering::Equal,
                    (a, b) => match a.unwrap_or(b'0').cmp(&b.unwrap_or(b'0')) {
                        Ordering::Equal => {}
                        unequal => return unequal,
                    },
                }
            }
        })
    }
}

impl Ord for Number<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.0 == other.0 {
            return Ordering::Equal;
        }
        let (ours, theirs) = (self.decimal(), other.decimal());
        match (ours.negative, theirs.negative) {
            (false, false) => ours.cmp_size(&theirs),
            (true, true) => theirs.cmp_size(&ours),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Number<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number<'_> {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(text: &str) -> Number<'_> {
        Number::new(text.as_bytes()).unwrap()
    }

    #[test]
    fn only_json_numbers() {
        for good in ["0", "-0", "10", "1.5", "1e5", "1E+5", "-0.1e-05", " 7 "] {
            assert!(Number::new(good.as_bytes()).is_some(), "{good}");
        }
        for bad in ["", "-", "01", "+1", "1.", ".5", "1e", "1e+", "NaN", "0x1", "1 2", "\"1\""] {
            assert!(Number::new(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn order_is_exact() {
        for (a, b, expected) in [
            ("1", "1.0", Ordering::Equal),
            ("10e-1", "1", Ordering::Equal),
            ("0.001", "1e-3", Ordering::Equal),
            ("-0", "0.0e9", Ordering::Equal),
            ("100", "1e2", Ordering::Equal),
            ("9007199254740993", "9007199254740992", Ordering::Greater),
            ("-2", "-1", Ordering::Less),
            ("-1", "0", Ordering::Less),
            ("0", "0.0001", Ordering::Less),
            ("0", "-0.0001", Ordering::Greater),
            ("9.99", "10", Ordering::Less),
            ("1e400", "1e401", Ordering::Less),
            ("1e-99999999999999999999", "0", Ordering::Greater),
            ("1e99999999999999999999", "-1e99999999999999999999", Ordering::Greater),
        ] {
            assert_eq!(number(a).cmp(&number(b)), expected, "{a} {b}");
            assert_eq!(number(b).cmp(&number(a)), expected.reverse(), "{b} {a}");
        }
    }

    #[test]
    fn as_machine_numbers() {
        assert_eq!(number("-7").as_i64(), Some(-7));
        assert_eq!(number("18446744073709551615").as_u64(), Some(u64::MAX));
        assert_eq!(number("1.0").as_i64(), None);
        assert_eq!(number("1e3").as_f64(), Some(1000.0));
        assert_eq!(number("1e400").as_f64(), None);
        assert_eq!(number(" 2.10 ").text(), "2.10");
    }

    proptest! {
        #[test]
        fn order_of_integers(a in any::<i64>(), b in any::<i64>(), zeros in 0usize..4) {
            let spelled = format!("{b}.{}", "0".repeat(zeros + 1));
            let (ours, theirs) = (a.to_string(), spelled);
            prop_assert_eq!(number(&ours).cmp(&number(&theirs)), a.cmp(&b));
        }

        #[test]
        fn order_of_fractions(a in -1000i64..1000, b in -1000i64..1000, shift in 0i32..5) {
            let (ours, theirs) = (format!("{a}e-{shift}"), format!("{}", b as f64 / 10f64.powi(shift)));
            prop_assert_eq!(number(&ours).cmp(&number(&theirs)), a.cmp(&b));
        }
    }
}
