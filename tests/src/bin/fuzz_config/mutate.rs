//! Changes to a document: most of them leave it well-formed, so that what follows the parser is
//! tested too.

use std::ops::Range;

use ds_aio_tests::bytes::Rng;

use crate::corpus::Corpus;

/// Longer documents would test the disk.
const LONGEST: usize = 1 << 18;

type Mutation = fn(&mut Vec<u8>, &mut Rng, &Corpus);

/// One that is likelier than others is here more than once.
const MUTATIONS: &[Mutation] = &[
    value_for_value,
    value_for_value,
    value_for_value,
    value_for_value,
    value_for_value,
    word_for_word,
    word_for_word,
    word_from_another,
    word_from_another,
    word_from_another,
    swapped_words,
    line_lost,
    line_lost,
    line_twice,
    line_twice,
    lines_swapped,
    line_from_another,
    line_from_another,
    long_number,
    sign_or_point,
    sign_or_point,
    white_space,
    white_space,
    carriage_returns,
    byte_order_mark,
    byte_changed,
    byte_lost,
    byte_inserted,
    range_lost,
    range_twice,
    splice,
    cut_off,
    deep,
    not_unicode,
    long_line,
];

/// A document of the corpus with one to four changes, rarely with none.
pub(crate) fn mutated(rng: &mut Rng, corpus: &Corpus) -> Vec<u8> {
    let mut document = rng.choose(&corpus.documents).clone();
    for _ in 0..rng.pick(&[0, 1, 1, 1, 1, 1, 2, 2, 3, 4]) {
        let mutation = rng.pick(MUTATIONS);
        mutation(&mut document, rng, corpus);
        document.truncate(LONGEST);
    }
    document
}

trait Choose {
    fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T;
    /// A place between two bytes.
    fn gap(&mut self, document: &[u8]) -> usize;
    fn range(&mut self, document: &[u8]) -> Range<usize>;
}

impl Choose for Rng {
    fn choose<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    fn gap(&mut self, document: &[u8]) -> usize {
        self.below(document.len() + 1)
    }

    fn range(&mut self, document: &[u8]) -> Range<usize> {
        let (one, other) = (self.gap(document), self.gap(document));
        let start = one.min(other);
        // Short ranges are as likely as long ones.
        let longest = one.max(other) - start;
        start..start + if self.below(2) == 0 { longest } else { longest.min(self.below(16)) }
    }
}

/// Numbers, names and what is between quotes; everything else is a byte on its own.
fn words(document: &[u8]) -> Vec<Range<usize>> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_+-.".contains(&byte) || byte > 127;
    let mut words = Vec::new();
    let mut at = 0;
    while at < document.len() {
        let run = document[at..].iter().take_while(|byte| is_word(**byte)).count();
        if run > 0 || !document[at].is_ascii_whitespace() {
            words.push(at..at + run.max(1));
        }
        at += run.max(1);
    }
    words
}

fn lines(document: &[u8]) -> Vec<Range<usize>> {
    let mut start = 0;
    let lines = document.split_inclusive(|byte| *byte == b'\n').map(|line| {
        start += line.len();
        start - line.len()..start
    });
    lines.collect()
}

fn word(document: &[u8], rng: &mut Rng) -> Range<usize> {
    let words = words(document);
    if words.is_empty() { 0..0 } else { rng.choose(&words).clone() }
}

fn line(document: &[u8], rng: &mut Rng) -> Range<usize> {
    let lines = lines(document);
    if lines.is_empty() { 0..0 } else { rng.choose(&lines).clone() }
}

/// A word of letters or digits, which is a value or a key more often than not.
fn plain_word(document: &[u8], rng: &mut Rng) -> Range<usize> {
    let mut words = words(document);
    words.retain(|word| document[word.start].is_ascii_alphanumeric());
    if words.is_empty() { 0..0 } else { rng.choose(&words).clone() }
}

/// Numbers, truth values and quoted texts that are no keys.
fn values(document: &[u8]) -> Vec<Range<usize>> {
    let mut values = Vec::new();
    let mut words = words(document).into_iter();
    while let Some(word) = words.next() {
        let text = &document[word.clone()];
        let end = match text[0] {
            quote @ (b'"' | b'\'') => {
                let Some(close) = words.by_ref().find(|word| document[word.start] == quote) else {
                    break;
                };
                close.end
            }
            byte if byte.is_ascii_digit() || b"-+".contains(&byte) => word.end,
            _ if text == b"true" || text == b"false" || text == b"null" => word.end,
            _ => continue,
        };
        let mut behind = document[end..].iter().filter(|byte| !byte.is_ascii_whitespace());
        if !matches!(behind.next(), Some(b':' | b'=')) {
            values.push(word.start..end);
        }
    }
    values
}

/// A value with another that is written soundly.
fn value_for_value(document: &mut Vec<u8>, rng: &mut Rng, corpus: &Corpus) {
    let values = values(document);
    if !values.is_empty() {
        let at = rng.choose(&values).clone();
        document.splice(at, rng.choose(&corpus.values).bytes());
    }
}

fn word_for_word(document: &mut Vec<u8>, rng: &mut Rng, corpus: &Corpus) {
    let at = plain_word(document, rng);
    document.splice(at, rng.choose(&corpus.words).bytes());
}

fn word_from_another(document: &mut Vec<u8>, rng: &mut Rng, corpus: &Corpus) {
    let other = rng.choose(&corpus.documents);
    let word = plain_word(other, rng);
    let at = plain_word(document, rng);
    document.splice(at, other[word].iter().copied());
}

fn swapped_words(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let (one, other) = (word(document, rng), word(document, rng));
    let (first, second) = if one.start <= other.start { (one, other) } else { (other, one) };
    if first.end <= second.start {
        let (before, after) = (document[first.clone()].to_vec(), document[second.clone()].to_vec());
        document.splice(second, before);
        document.splice(first, after);
    }
}

fn line_lost(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    document.drain(line(document, rng));
}

fn line_twice(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let copy = document[line(document, rng)].to_vec();
    let at = line(document, rng).end;
    document.splice(at..at, copy);
}

fn lines_swapped(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let mut lines: Vec<Vec<u8>> =
        lines(document).into_iter().map(|line| document[line].to_vec()).collect();
    if !lines.is_empty() {
        let (one, other) = (rng.below(lines.len()), rng.below(lines.len()));
        lines.swap(one, other);
        *document = lines.concat();
    }
}

fn line_from_another(document: &mut Vec<u8>, rng: &mut Rng, corpus: &Corpus) {
    let other = rng.choose(&corpus.documents);
    let copy = other[line(other, rng)].to_vec();
    let at = line(document, rng).start;
    document.splice(at..at, copy);
}

fn long_number(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let at = plain_word(document, rng);
    let digits = rng.pick(&[20, 40, 400, 5000]);
    let number = (0..digits).map(|_| b'0' + rng.below(10) as u8);
    let number: Vec<u8> = core::iter::once(b'1').chain(number).collect();
    document.splice(at, number);
}

fn sign_or_point(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let word = plain_word(document, rng);
    let at = rng.pick(&[word.start, word.end]);
    let added =
        rng.pick(&["-", "+", "_", "0", "00", ".0", ".5", "e1", "e-1", "K", "MiB", "s", " "]);
    document.splice(at..at, added.bytes());
}

fn white_space(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let word = word(document, rng);
    let at = rng.pick(&[word.start, word.end]);
    let blank =
        rng.pick(&[" ", "\t", "\n", "\r\n", "  \n", "\u{a0}", "# x\n", "/* x */", "// x\n"]);
    document.splice(at..at, blank.bytes());
}

fn carriage_returns(document: &mut Vec<u8>, _: &mut Rng, _: &Corpus) {
    let lines = document.split(|byte| *byte == b'\n');
    *document = lines.collect::<Vec<_>>().join(&b"\r\n"[..]);
}

fn byte_order_mark(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let at = if rng.below(4) == 0 { rng.gap(document) } else { 0 };
    document.splice(at..at, "\u{feff}".bytes());
}

fn byte_changed(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    if !document.is_empty() {
        let at = rng.below(document.len());
        let bit = 1 << rng.below(8);
        let byte = if rng.below(2) == 0 { document[at] ^ bit } else { rng.bits() as u8 };
        document.splice(at..=at, [byte]);
    }
}

fn byte_lost(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    if !document.is_empty() {
        document.remove(rng.below(document.len()));
    }
}

fn byte_inserted(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let at = rng.gap(document);
    document.insert(at, *rng.choose(b"\"'[]{}=:,.#/\\\n\r\t\0\x01\x1b\x7f-+e_09"));
}

fn range_lost(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    document.drain(rng.range(document));
}

fn range_twice(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let copy = document[rng.range(document)].to_vec();
    let at = rng.gap(document);
    document.splice(at..at, copy);
}

/// The beginning of this document and the end of another.
fn splice(document: &mut Vec<u8>, rng: &mut Rng, corpus: &Corpus) {
    let other = rng.choose(&corpus.documents);
    document.truncate(rng.gap(document));
    document.extend_from_slice(&other[rng.gap(other)..]);
}

fn cut_off(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    document.truncate(rng.gap(document));
}

fn deep(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let depth = rng.pick(&[2, 50, 100, 600, 10_000]);
    let (open, close) =
        rng.pick(&[("[", "]"), ("{\"a\":", "}"), ("{a=", "}"), ("[[", "]]"), ("a.", "")]);
    let nested = [open.repeat(depth), "1".to_owned(), close.repeat(depth)].concat();
    let at = plain_word(document, rng);
    document.splice(at, nested.bytes());
}

fn not_unicode(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let at = rng.gap(document);
    let bytes: [&[u8]; 5] = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x80\x80"];
    document.splice(at..at, rng.pick(&bytes).iter().copied());
}

fn long_line(document: &mut Vec<u8>, rng: &mut Rng, _: &Corpus) {
    let (at, byte) = (rng.gap(document), rng.pick(b"x 0\t#\"["));
    document.splice(at..at, core::iter::repeat_n(byte, rng.pick(&[100, 4096, 40_000])));
}
