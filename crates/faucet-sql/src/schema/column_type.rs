//! The types of columns.

use std::collections::HashMap;
use std::fmt;

use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::sql::sqlparser::ast::DataType as SqlType;

/// The metadata of a field whose text is JSON that is written back as it is.
const OBJECT: &str = "faucet.object";

/// Arrow's name of the extension type of JSON text.
const JSON_EXTENSION: &str = "arrow.json";

/// The type of a column of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ColumnType {
    String,
    Int,
    Long,
    Float,
    Double,
    Bool,
    /// Any JSON value, kept and written back byte for byte.
    Object,
    Bytes,
}

impl ColumnType {
    /// All types, in the order in which messages list them.
    pub(crate) const ALL: [Self; 8] = [
        Self::String,
        Self::Int,
        Self::Long,
        Self::Float,
        Self::Double,
        Self::Bool,
        Self::Object,
        Self::Bytes,
    ];

    /// The name in scripts.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::String => "STRING",
            Self::Int => "INT",
            Self::Long => "LONG",
            Self::Float => "FLOAT",
            Self::Double => "DOUBLE",
            Self::Bool => "BOOL",
            Self::Object => "OBJECT",
            Self::Bytes => "BYTES",
        }
    }

    /// The type that `name` names, in any case; also by the names of standard SQL.
    pub(crate) fn of_name(name: &str) -> Option<Self> {
        Some(match name.to_ascii_uppercase().as_str() {
            "STRING" | "VARCHAR" | "TEXT" | "CHARACTER VARYING" | "CHAR VARYING" => Self::String,
            "INT" | "INTEGER" => Self::Int,
            "LONG" | "BIGINT" => Self::Long,
            "FLOAT" | "REAL" => Self::Float,
            "DOUBLE" | "DOUBLE PRECISION" => Self::Double,
            "BOOL" | "BOOLEAN" => Self::Bool,
            "OBJECT" | "JSON" => Self::Object,
            "BYTES" | "BYTEA" | "BLOB" | "VARBINARY" | "BINARY VARYING" => Self::Bytes,
            _ => return None,
        })
    }

    /// The type that stands in a script.
    pub(crate) fn of_sql(sql: &SqlType) -> Option<Self> {
        Self::of_name(&sql.to_string())
    }

    /// The Arrow type.
    pub(crate) const fn arrow(self) -> DataType {
        match self {
            Self::String | Self::Object => DataType::Utf8,
            Self::Int => DataType::Int32,
            Self::Long => DataType::Int64,
            Self::Float => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Bool => DataType::Boolean,
            Self::Bytes => DataType::Binary,
        }
    }

    /// The column `name` of this type.
    pub(crate) fn field(self, name: &str) -> Field {
        let field = Field::new(name, self.arrow(), true);
        match self {
            Self::Object => {
                field.with_metadata(HashMap::from([(OBJECT.to_owned(), String::new())]))
            }
            _ => field,
        }
    }

    /// The type with which a column of a query's result is read back from JSON.
    pub(crate) fn of_field(field: &Field) -> Self {
        use DataType::{
            Binary, BinaryView, Boolean, Dictionary, FixedSizeBinary, FixedSizeList, Float16,
            Float32, Float64, Int8, Int16, Int32, Int64, LargeBinary, LargeList, List, ListView,
            Map, Null, Struct, UInt8, UInt16, UInt32, UInt64, Union, Utf8,
        };
        match field.data_type() {
            Utf8 if is_object(field) => Self::Object,
            Boolean => Self::Bool,
            Int8 | Int16 | Int32 | UInt8 | UInt16 => Self::Int,
            Int64 | UInt32 | UInt64 => Self::Long,
            Float16 | Float32 => Self::Float,
            Float64 => Self::Double,
            Binary | BinaryView | LargeBinary | FixedSizeBinary(_) => Self::Bytes,
            List(_) | LargeList(_) | ListView(_) | FixedSizeList(..) | Map(..) | Struct(_)
            | Union(..) => Self::Object,
            Dictionary(_, values) => Self::of_field(&Field::new("", (**values).clone(), true)),
            Null => Self::String,
            // Text, times and decimal numbers.
            _ => Self::String,
        }
    }
}

impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the text of the field is JSON that is written back as it is: that of an OBJECT column, or
/// what a JSON function marks as JSON by Arrow's extension type.
pub(crate) fn is_object(field: &Field) -> bool {
    field.metadata().contains_key(OBJECT) || field.extension_type_name() == Some(JSON_EXTENSION)
}
