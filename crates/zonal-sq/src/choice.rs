//! Named choices: parsed from a list of words, and formatted.

/// Parses a word. The error message lists all words.
pub(crate) fn parse<T: Copy>(text: &str, what: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let (last, first) =
            all.split_last().map_or(("", String::new()), |(last, first)| (*last, first.join(", ")));
        format!("'{text}' is not a {what}; use {first} or {last}")
    })
}

/// Returns the word of a value.
pub(crate) fn name<T: PartialEq>(value: &T, words: &[(&'static str, T)]) -> &'static str {
    words.iter().find(|(_, v)| v == value).map_or("", |(word, _)| word)
}
