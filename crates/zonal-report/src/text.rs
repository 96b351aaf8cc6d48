//! Text of users and files in a page: escaped, and cut where there is no room.

/// The characters that mean something in HTML and SVG, as entities. Characters that XML does not allow become the sign for
/// what cannot be shown.
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

/// At most `most` characters, the last one dots where something was cut.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    kept + "…"
}

/// Text of unknown direction, which must not turn around what stands beside it.
pub(crate) fn isolated(text: &str) -> String {
    // First strong isolate, pop directional isolate. Marks inside the text could leave the isolate, so they go.
    let inside: String =
        text.chars().filter(|c| !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')).collect();
    if inside.is_ascii() { inside } else { format!("\u{2068}{inside}\u{2069}") }
}

/// A count with its digits in groups of three.
pub(crate) fn grouped(n: u64) -> String {
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

/// So many of them: one row, 1,000 rows.
pub(crate) fn counted(n: u64, one: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{} {one}s", grouped(n)) }
}

/// The text with a capital letter at its beginning.
pub(crate) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_is_escaped() {
        assert_eq!(
            escape("<script>'&\"</script>\u{0}\n"),
            "&lt;script&gt;&#39;&amp;&quot;&lt;/script&gt;\u{fffd} "
        );
        assert_eq!(shorten("abcdef", 4), "abc…");
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(isolated("plain"), "plain");
        assert_eq!(isolated("\u{202e}שלום"), "\u{2068}שלום\u{2069}");
    }
}
