//! What a literal says: the value of a number or a string as it stands in a program.

/// The value of an integer, whatever its base and its suffix.
pub(crate) fn integer(text: &str) -> Option<usize> {
    let text = text.replace('_', "");
    let (digits, base) = match text.get(..2) {
        Some("0x") => (&text[2..], 16),
        Some("0o") => (&text[2..], 8),
        Some("0b") => (&text[2..], 2),
        _ => (&text[..], 10),
    };
    let suffix = digits.find(|character: char| !character.is_digit(base));
    let (digits, suffix) = digits.split_at(suffix.unwrap_or(digits.len()));
    let is_integer = suffix.is_empty() || suffix.starts_with(['u', 'i']);
    let value = usize::from_str_radix(digits, base).ok()?;
    is_integer.then_some(value)
}

/// The value of a string, with its escapes.
pub(crate) fn string(text: &str) -> Option<String> {
    if let Some(raw) = text.strip_prefix('r') {
        let text = raw.trim_matches('#');
        return Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned());
    }
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    let mut value = String::new();
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            value.push(character);
            continue;
        }
        match rest.next()? {
            'n' => value.push('\n'),
            'r' => value.push('\r'),
            't' => value.push('\t'),
            '0' => value.push('\0'),
            'x' => {
                let digits: String = rest.by_ref().take(2).collect();
                value.push(char::from(u8::from_str_radix(&digits, 16).ok()?));
            }
            'u' => {
                let digits = rest.by_ref().take_while(|&character| character != '}');
                let digits: String = digits.filter(|c| !matches!(c, '{' | '_')).collect();
                value.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
            }
            // A string goes on in the next line, without the space before it.
            '\n' => rest = rest.as_str().trim_start().chars(),
            other => value.push(other),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::{integer, string};

    #[test]
    fn integers_have_bases_separators_and_suffixes() {
        assert_eq!(integer("4"), Some(4));
        assert_eq!(integer("1_000usize"), Some(1000));
        assert_eq!(integer("0x10u8"), Some(16));
        assert_eq!(integer("0b11"), Some(3));
        assert_eq!(integer("4.5"), None);
        assert_eq!(integer("4f32"), None);
        assert_eq!(integer("\"4\""), None);
    }

    #[test]
    fn strings_have_escapes() {
        assert_eq!(string("\"plain\"").as_deref(), Some("plain"));
        assert_eq!(
            string("r#\"a \"quoted\" one\"#").as_deref(),
            Some("a \"quoted\" one")
        );
        assert_eq!(
            string("\"\\x41\\u{e9}\\n\\\"\"").as_deref(),
            Some("A\u{e9}\n\"")
        );
        assert_eq!(string("\"one \\\n   line\"").as_deref(), Some("one line"));
        assert_eq!(string("4"), None);
        assert_eq!(string("b\"bytes\""), None);
    }
}
