//! Texts as literals of other languages, whatever is in them.

/// A word of a shell.
pub(crate) fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A string of TOML, with its quotes.
pub(crate) fn toml_string(text: &str) -> String {
    let mut string = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => string.extend(['\\', character]),
            _ if character.is_control() => string += &format!("\\u{:04X}", u32::from(character)),
            _ => string.push(character),
        }
    }
    string + "\""
}

#[cfg(test)]
mod tests {
    use super::{shell_word, toml_string};

    #[test]
    fn what_is_quoted_is_read_as_it_was() {
        for text in [
            "",
            "plain",
            "it's \"mine\"",
            r"C:\selkie \n",
            "a\tb\nc\u{7f}",
            "größer",
        ] {
            let file: toml::Table = format!("key = {}", toml_string(text))
                .parse()
                .expect("it is TOML");
            assert_eq!(file["key"].as_str(), Some(text));
        }
        assert_eq!(shell_word("it's my zig"), r"'it'\''s my zig'");
    }
}
