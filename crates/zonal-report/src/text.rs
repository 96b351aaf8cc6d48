//! Formatting of text in pages: escaping, truncation and digit grouping.

/// Escapes the special characters of HTML and SVG. Characters that XML forbids become U+FFFD.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' | '\r' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// Truncates text to at most `max` characters; the last one of truncated text is an ellipsis.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.chars().count() <= max {
        return text.to_owned();
    }
    let head: String = text.chars().take(max.saturating_sub(1)).collect();
    head + "…"
}

/// Isolates bidirectional text from its surroundings.
pub(crate) fn isolate(text: &str) -> String {
    // First strong isolate, pop directional isolate. Control characters in the text could end the isolate, so they are
    // removed.
    let inside: String =
        text.chars().filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')).collect();
    if inside.is_ascii() { inside } else { format!("\u{2068}{inside}\u{2069}") }
}

/// Formats a count with its digits in groups of three.
pub(crate) fn group_digits(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// Formats a count with its noun: 1 row, 1,000 rows.
pub(crate) fn count_noun(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", group_digits(n)) }
}

/// Capitalises the first letter.
pub(crate) fn capitalise(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        assert_eq!(
            escape("<script>'&\"</script>\u{0}\n"),
            "&lt;script&gt;&#39;&amp;&quot;&lt;/script&gt;\u{fffd} "
        );
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(isolate("plain"), "plain");
        assert_eq!(isolate("\u{202e}שלום"), "\u{2068}שלום\u{2069}");
    }
}
