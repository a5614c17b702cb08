//! Paths with places for the rank of a process: `/nvme{local_rank}/job/{rank}`.

use std::path::Path;

use super::diagnostic::quoted;

/// A piece of such a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Text(&'a str),
    Rank,
    LocalRank,
}

/// The pieces of a path; what is wrong with it, if anything is.
pub(crate) fn pieces(path: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = path;
    while let Some(at) = rest.find(['{', '}']) {
        let (text, from) = rest.split_at(at);
        // A doubled one is one of the path's own.
        if from.starts_with("{{") || from.starts_with("}}") {
            pieces.push(Piece::Text(&rest[..=at]));
            rest = &from[2..];
            continue;
        }
        pieces.push(Piece::Text(text));
        let end = from.strip_prefix('{').and_then(|inside| inside.find('}'));
        let Some(end) = end else {
            let told = "has a brace alone; a brace of the path's own is doubled";
            return Err(format!("{} {told}", quoted(path)));
        };
        pieces.push(match &from[1..=end] {
            "rank" => Piece::Rank,
            "local_rank" => Piece::LocalRank,
            other => {
                let told =
                    "there are `{rank}` and `{local_rank}`; a brace of the path's own is doubled";
                return Err(format!("{} of {} is not known: {told}", quoted(other), quoted(path)));
            }
        });
        rest = &from[end + 2..];
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// The path as text, if it has places for ranks or braces at all.
pub(crate) fn with_braces(path: &Path) -> Option<Result<&str, String>> {
    match path.to_str() {
        Some(text) => text.contains(['{', '}']).then_some(Ok(text)),
        None => {
            let shown = path.to_string_lossy();
            let told = "is not UTF-8, as a path with braces must be";
            shown.contains(['{', '}']).then(|| Err(format!("{} {told}", quoted(&shown))))
        }
    }
}

/// What is wrong with any of the paths.
pub(crate) fn check_all<P: AsRef<Path>>(paths: &[P]) -> Result<(), String> {
    let wrong = |path: &P| match with_braces(path.as_ref())? {
        Ok(text) => pieces(text).err(),
        Err(wrong) => Some(wrong),
    };
    let wrong: Vec<_> = paths.iter().filter_map(wrong).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubled_braces_are_the_paths_own() {
        let pieces = pieces("/a{{b}}/{rank}{local_rank}/c").unwrap();
        let text = |piece: &Piece<'_>| match *piece {
            Piece::Text(text) => text.to_owned(),
            Piece::Rank => "<r>".to_owned(),
            Piece::LocalRank => "<l>".to_owned(),
        };
        assert_eq!(pieces.iter().map(text).collect::<String>(), "/a{b}/<r><l>/c");
    }

    #[test]
    fn what_is_no_place_for_a_rank_is_refused() {
        for (path, told) in [
            ("/a/{Rank}", "`Rank` of"),
            ("/a/{}", "`` of"),
            ("/a/{rank", "a brace alone"),
            ("/a/rank}", "a brace alone"),
            ("/a/{{rank}", "a brace alone"),
            ("/a/{ rank }", "` rank ` of"),
        ] {
            let wrong = pieces(path).unwrap_err();
            assert!(wrong.contains(told), "{path}: {wrong}");
        }
    }
}
