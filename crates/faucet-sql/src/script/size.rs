//! How large a statement may be.

use datafusion::sql::sqlparser::tokenizer::Token;
use faucet_pipeline::diagnostic::Diagnostic;

use crate::script::fault::{With as _, syntax};
use crate::script::tokens::{Piece, whole};

/// The most tokens of a statement. The time for planning grows with their square.
const MOST_TOKENS: usize = 20_000;

/// The most terms of an expression. The planner and the query go down an expression by calls, and each term of
/// `a + b + c` is a step down.
const MOST_TERMS: usize = 200;

/// The fault of a statement that is too large for the stack or for the patience of a user.
pub(crate) fn too_large(pieces: &[Piece]) -> Option<Diagnostic> {
    if pieces.len() > MOST_TOKENS {
        let what = format!(
            "the statement has {} words and signs, and may have {MOST_TOKENS}",
            pieces.len()
        );
        return Some(syntax(pieces[MOST_TOKENS].span, what));
    }
    let mut open = vec![Depth::default()];
    for piece in pieces {
        match &piece.token.token {
            Token::LParen | Token::LBracket => open.push(Depth::default()),
            Token::RParen | Token::RBracket if open.len() > 1 => {
                open.pop();
            }
            token => {
                let Some(depth) = open.last_mut() else { break };
                depth.see(piece, token);
                if depth.steps() > MOST_TERMS {
                    let what = format!("the expression has more than {MOST_TERMS} terms");
                    let help = "write IN (…) for a list of values, or take it apart with a query in between";
                    return Some(syntax(whole(std::slice::from_ref(piece))?, what).with_help(help));
                }
            }
        }
    }
    None
}

/// How far an expression goes down.
#[derive(Debug, Clone, Copy, Default)]
struct Depth {
    /// AND, OR and UNION: their operands are whole expressions.
    logical: usize,
    /// Other operators since the last of these.
    other: usize,
}

impl Depth {
    fn steps(self) -> usize {
        self.logical + self.other
    }

    fn see(&mut self, piece: &Piece, token: &Token) {
        if piece.is_one_of(&["UNION", "INTERSECT", "EXCEPT", "AND", "OR"]) {
            (self.logical, self.other) = (self.logical + 1, 0);
        } else if matches!(token, Token::Comma)
            || piece.is_one_of(&["FROM", "WHERE", "HAVING", "GROUP"])
        {
            self.other = 0;
        } else if is_operator(piece, token) {
            self.other += 1;
        }
    }
}

fn is_operator(piece: &Piece, token: &Token) -> bool {
    let is_value = matches!(
        token,
        Token::Word(_)
            | Token::Number(..)
            | Token::SingleQuotedString(_)
            | Token::Comma
            | Token::Period
            | Token::RParen
    );
    !is_value || piece.is_one_of(&["NOT", "CASE", "WHEN", "IS", "LIKE", "COLLATE"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::parse::parse;

    #[test]
    fn a_statement_has_a_size_that_can_be_planned() {
        let terms = |n: usize, term: &str| format!("SELECT a{} FROM t", term.repeat(n));
        for (text, is_fine) in [
            (terms(MOST_TERMS, " + a"), true),
            (terms(MOST_TERMS + 1, " + a"), false),
            (terms(5_000, "::DOUBLE"), false),
            (terms(3_000, ", a"), true),
            (format!("SELECT a FROM t WHERE a = 1{}", " OR a = 1".repeat(MOST_TERMS - 1)), true),
            (format!("SELECT a FROM t WHERE a = 1{}", " OR a = 1".repeat(MOST_TERMS)), false),
            (format!("SELECT a FROM t{}", " UNION ALL SELECT a FROM t".repeat(5_000)), false),
            (format!("SELECT a FROM t WHERE a IN (1{})", ", 1".repeat(5_000)), true),
            (format!("SELECT a FROM t WHERE a IN (1{})", ", 1".repeat(MOST_TOKENS)), false),
        ] {
            let faults = parse(&text).faults;
            assert_eq!(faults.is_empty(), is_fine, "{}: {faults:?}", &text[..40]);
        }
    }
}
