//! Named choices: parsed from a list of words, and formatted.

/// Parses a word. The error message names the nearest word, or all of them.
pub(crate) fn parse<T: Copy>(text: &str, what: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let advice = zonal::error::advice(text, all.iter().copied(), || match all.as_slice() {
            [first @ .., last] => format!("use {} or {last}", first.join(", ")),
            [] => String::new(),
        });
        format!("unknown {what} '{text}'; {advice}")
    })
}

/// Returns the word of a value.
pub(crate) fn name<T: PartialEq>(value: &T, words: &[(&'static str, T)]) -> &'static str {
    words.iter().find(|(_, v)| v == value).map_or("", |(word, _)| word)
}
