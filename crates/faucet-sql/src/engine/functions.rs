//! The functions that tell about the window.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::engine::moment::Moment;

/// What a function tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Tells {
    Start,
    End,
    Complete,
}

/// A function without arguments that tells about the window of the moment.
///
/// Volatile: as a constant it would be computed once, when the query is planned.
#[derive(Debug)]
pub(super) struct OfWindow {
    name: &'static str,
    tells: Tells,
    moment: Arc<Moment>,
    signature: Signature,
}

impl PartialEq for OfWindow {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && Arc::ptr_eq(&self.moment, &other.moment)
    }
}

impl Eq for OfWindow {}

impl Hash for OfWindow {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl ScalarUDFImpl for OfWindow {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(match self.tells {
            Tells::Complete => DataType::Boolean,
            Tells::Start | Tells::End => DataType::Int64,
        })
    }

    fn invoke_with_args(&self, _: ScalarFunctionArgs) -> Result<ColumnarValue> {
        Ok(ColumnarValue::Scalar(match self.tells {
            Tells::Start => ScalarValue::Int64(Some(self.moment.start())),
            Tells::End => ScalarValue::Int64(Some(self.moment.end())),
            Tells::Complete => ScalarValue::Boolean(Some(self.moment.is_complete())),
        }))
    }
}

/// The functions of a query with a window, which look at `moment`.
pub(crate) fn of_window(moment: &Arc<Moment>) -> Vec<Arc<ScalarUDF>> {
    let function = |name, tells| {
        let signature = Signature::nullary(Volatility::Volatile);
        let moment = Arc::clone(moment);
        Arc::new(ScalarUDF::new_from_impl(OfWindow { name, tells, moment, signature }))
    };
    vec![
        function("window_start", Tells::Start),
        function("window_end", Tells::End),
        function("event_timestamp", Tells::End),
        function("window_complete", Tells::Complete),
    ]
}
