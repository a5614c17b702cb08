//! Inputs as one printable line in single quotes of a shell.

pub(crate) fn escaped(input: &[u8]) -> String {
    // A quote would end the argument.
    input.escape_ascii().to_string().replace("\\'", "\\x27")
}

pub(crate) fn unescaped(line: &str) -> Vec<u8> {
    let mut bytes = line.bytes();
    let mut input = Vec::with_capacity(line.len());
    while let Some(byte) = bytes.next() {
        input.push(match (byte, byte == b'\\') {
            (byte, false) => byte,
            (_, true) => match bytes.next().expect("a character after `\\`") {
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                b'x' => {
                    let digits = [bytes.next().unwrap(), bytes.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                other => other,
            },
        });
    }
    input
}
