//! The cases of `#[serde(rename_all = "…")]`, applied as serde does.

/// What becomes of every name.
#[derive(Clone, Copy)]
pub(crate) enum Case {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

/// The cases by the names that serde has for them.
pub(crate) const CASES: [(&str, Case); 8] = [
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
];

impl Case {
    pub(crate) fn named(name: &str) -> Option<Self> {
        CASES.iter().find(|(known, _)| *known == name).map(|(_, case)| *case)
    }

    /// The name of a field, which is in snake case.
    pub(crate) fn of_field(self, name: &str) -> String {
        match self {
            Case::Lower | Case::Snake => name.to_owned(),
            Case::Upper | Case::ScreamingSnake => name.to_ascii_uppercase(),
            Case::Pascal => pascal(name),
            Case::Camel => uncapitalized(&pascal(name)),
            Case::Kebab => with_hyphens(name),
            Case::ScreamingKebab => with_hyphens(&Case::Upper.of_field(name)),
        }
    }

    /// The name of a variant, which is in Pascal case.
    pub(crate) fn of_variant(self, name: &str) -> String {
        match self {
            Case::Pascal => name.to_owned(),
            Case::Lower => name.to_ascii_lowercase(),
            Case::Upper => name.to_ascii_uppercase(),
            Case::Camel => uncapitalized(name),
            Case::Snake => each_capital_begins_a_word(name),
            Case::ScreamingSnake => Case::Snake.of_variant(name).to_ascii_uppercase(),
            Case::Kebab => with_hyphens(&Case::Snake.of_variant(name)),
            Case::ScreamingKebab => with_hyphens(&Case::ScreamingSnake.of_variant(name)),
        }
    }
}

/// The words between the underscores, each with a capital.
fn pascal(name: &str) -> String {
    let (mut pascal, mut begins) = (String::new(), true);
    for c in name.chars() {
        if c == '_' {
            begins = true;
        } else {
            pascal.push(if begins { c.to_ascii_uppercase() } else { c });
            begins = false;
        }
    }
    pascal
}

fn uncapitalized(name: &str) -> String {
    let mut uncapitalized = name.to_owned();
    if let Some(first) = uncapitalized.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    uncapitalized
}

fn with_hyphens(name: &str) -> String {
    let mut hyphened = String::new();
    for c in name.chars() {
        hyphened.push(if c == '_' { '-' } else { c });
    }
    hyphened
}

fn each_capital_begins_a_word(name: &str) -> String {
    let mut snake = String::new();
    for (index, c) in name.char_indices() {
        if index > 0 && c.is_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}
