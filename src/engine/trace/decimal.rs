//! Numbers in decimal, written and read.
//!
//! The standard library's own way is exact for every `f64`, and brings tables of powers of ten and of powers of five for
//! it: 16 KB that no compression makes smaller, and as much code. What is written here has a few decimals, and what is
//! read has a few digits, so whole numbers do.

/// Appends a whole number.
#[inline(never)]
pub fn push_number(out: &mut String, mut value: u64) {
    let mut digits = [0; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend(digits[at..].iter().map(|digit| char::from(*digit)));
}

/// Appends a number rounded to at most `places` decimals, without zeros at its end.
pub fn push_fixed(out: &mut String, value: f64, places: u32) {
    let mut scale = 10u64.pow(places);
    let scaled = (value.abs() * scale as f64 + 0.5) as u64;
    if value < 0.0 && scaled > 0 {
        out.push('-');
    }
    push_number(out, scaled / scale);
    let mut rest = scaled % scale;
    if rest > 0 {
        out.push('.');
    }
    while rest > 0 {
        scale /= 10;
        out.push(char::from(b'0' + (rest / scale) as u8));
        rest %= scale;
    }
}

/// As [`push_fixed`].
pub fn fixed(value: f64, places: u32) -> String {
    let mut text = String::new();
    push_fixed(&mut text, value, places);
    text
}

/// A whole number that a `T` can hold.
pub fn number<T: TryFrom<u64>>(text: &str) -> Option<T> {
    whole(text).and_then(|value| T::try_from(value).ok())
}

#[inline(never)]
fn whole(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// A number with or without decimals, of at most 15 digits: so many an `f64` holds, and one division rounds as it should.
pub fn decimal(text: &str) -> Option<f64> {
    let (digits, sign) = text.strip_prefix('-').map_or((text, 1.0), |digits| (digits, -1.0));
    let (before, after) = digits.split_once('.').unwrap_or((digits, ""));
    let length = before.len() + after.len();
    let plain = before.bytes().chain(after.bytes()).all(|digit| digit.is_ascii_digit());
    if !plain || length == 0 || length > 15 {
        return None;
    }
    let value = before.bytes().chain(after.bytes()).fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
    Some(sign * value as f64 / 10u64.pow(after.len() as u32) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_few_decimals_and_no_zeros_behind_them() {
        let written = |value, places| fixed(value, places);
        assert_eq!([written(0.0, 2), written(-0.001, 2), written(7.0, 0), written(6.5, 0)], ["0", "0", "7", "7"]);
        assert_eq!([written(0.9, 3), written(-1.05, 2), written(12.999, 2)], ["0.9", "-1.05", "13"]);
        assert_eq!(written(18_446_744.0, 2), "18446744");
    }

    #[test]
    fn reads_what_the_standard_library_reads() {
        for text in ["0", "1", "0.9", ".5", "1.", "0.875", "-0.1", "123456.789012345", "0.00000000000001", "5e-1"] {
            let same = !text.contains('e');
            assert_eq!(decimal(text), text.parse().ok().filter(|_: &f64| same), "{text}");
        }
        for text in ["", ".", "-", "+", "1.2.3", "0x1", "inf", "NaN", " 1", "1234567890123456"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn a_whole_number_fits_or_is_none() {
        assert_eq!((number("255"), number::<u8>("256"), number::<u8>("-1")), (Some(255u8), None, None));
        let mut text = String::new();
        push_number(&mut text, u64::MAX);
        assert_eq!((text.as_str(), number(&text)), ("18446744073709551615", Some(u64::MAX)));
    }
}
