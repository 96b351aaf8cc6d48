//! Choices as words: read from a word that is one of a list, and written back.

/// The value of a word, or a message that names all words.
pub(crate) fn read<T: Copy>(text: &str, what: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let all: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let (last, first) =
            all.split_last().map_or(("", String::new()), |(last, first)| (*last, first.join(", ")));
        format!("'{text}' is no {what}; write {first} or {last}")
    })
}

/// The word of a value.
pub(crate) fn name<T: PartialEq>(value: &T, words: &[(&'static str, T)]) -> &'static str {
    words.iter().find(|(_, v)| v == value).map_or("", |(word, _)| word)
}
