//! A line cut into words.
//!
//! Words are parted by blanks and tabs. Text in double quotes is one word; inside it `\"`, `\\` and `\n` are escapes.
//!
//! ```text
//!   insert "grey wolf"  0xff01
//!   ^1     ^8           ^21         columns count characters, from 1
//! ```

use std::ops::Range;

use super::script::Problem;
use crate::trace::bytes::unquote;

/// A word of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Without quotes and escapes.
    pub text: String,
    pub quoted: bool,
    /// From 1, in characters.
    pub column: usize,
    /// Where it stands in the line, in bytes, with its quotes.
    pub span: Range<usize>,
}

/// Cuts a line into words; the problem is a quote that does not close or is not followed by a blank.
pub fn tokens(line: &str, line_number: usize) -> Result<Vec<Token>, Problem> {
    let mut found = Vec::new();
    let mut rest = line;
    loop {
        rest = rest.trim_start_matches([' ', '\t']);
        if rest.is_empty() {
            return Ok(found);
        }
        let start = line.len() - rest.len();
        let column = line[..start].chars().count() + 1;
        let problem = |what: &str, remedy: &str| Problem::new(line_number, column, what, remedy);
        let length = if rest.starts_with('"') {
            quoted_length(rest)
                .ok_or_else(|| problem("the quote that opens here does not close", "put a \" behind the text"))?
        } else {
            rest.find([' ', '\t']).unwrap_or(rest.len())
        };
        let (word, behind) = rest.split_at(length);
        let quoted = word.starts_with('"');
        if quoted && !behind.is_empty() && !behind.starts_with([' ', '\t']) {
            return Err(problem("something stands right behind the closing quote", "put a blank behind the quote"));
        }
        let text = if quoted {
            unquote(word).ok_or_else(|| {
                problem("there is a wrong escape between the quotes", "write \\\" for a quote and \\\\ for a backslash")
            })?
        } else {
            word.to_string()
        };
        found.push(Token { text, quoted, column, span: start..start + length });
        rest = behind;
    }
}

/// Length in bytes of the quoted text at the beginning of `text`, with its quotes.
fn quoted_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (index, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return Some(index + 1),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_quoted_text() {
        let found = tokens("insert\t\"grey \\\"w\\\"\"  0xff", 1).unwrap();
        let texts: Vec<_> = found.iter().map(|token| (token.text.as_str(), token.quoted, token.column)).collect();
        assert_eq!(texts, [("insert", false, 1), ("grey \"w\"", true, 8), ("0xff", false, 22)]);
        assert_eq!(&"insert\t\"grey \\\"w\\\"\"  0xff"[found[2].span.clone()], "0xff");
        assert_eq!(tokens("  \t ", 1), Ok(vec![]));
    }

    #[test]
    fn columns_count_characters() {
        let found = tokens("größe x", 1).unwrap();
        assert_eq!(found[1].column, 7);
        assert_eq!(found[1].span, 8..9);
    }

    #[test]
    fn quotes_must_close() {
        assert_eq!(tokens("get \"ash", 3).unwrap_err().column, 5);
        assert_eq!(tokens("get \"ash\"tree", 3).unwrap_err().line, 3);
        assert!(tokens("get \"a\\u00zz\"", 3).is_err());
        assert_eq!(tokens("get \"a\\\\\"", 3).unwrap()[1].text, "a\\");
    }
}
