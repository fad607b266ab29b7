use serde_json::{Map, Value};

use crate::schema::CONFIG_SCHEMA;
use crate::spelling;

/// What the schema says about one place in the tree.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape<'s> {
    schema: &'s Value,
    is_nullable: bool,
}

/// What the keys are that an object's schema does not name.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Others<'s> {
    /// Mistakes.
    Unknown,
    /// Names chosen by the user, with values of one shape.
    Each(Shape<'s>),
    /// Somebody else's: neither spelling nor values are ours to judge.
    Open,
}

impl<'s> Shape<'s> {
    pub(crate) fn root() -> Shape<'static> {
        Shape::of(CONFIG_SCHEMA.as_value())
    }

    fn of(schema: &'s Value) -> Shape<'s> {
        let is_null = |schema: &Value| schema["type"] == "null";
        match schema["anyOf"].as_array() {
            // An optional enum: one alternative is null, the other is what matters.
            Some(alternatives) => Shape {
                schema: alternatives
                    .iter()
                    .find(|alternative| !is_null(alternative))
                    .unwrap_or(schema),
                is_nullable: alternatives.iter().any(is_null),
            },
            None => Shape { schema, is_nullable: type_names(schema).any(|name| name == "null") },
        }
    }

    pub(crate) fn is_nullable(self) -> bool {
        self.is_nullable
    }

    /// Tells whether a value of this JSON type is allowed, apart from null.
    pub(crate) fn allows(self, type_name: &str) -> bool {
        match self.choices() {
            Some(_) => type_name == "string",
            None => type_names(self.schema).any(|name| name == type_name),
        }
    }

    /// Tells whether every value is allowed.
    pub(crate) fn is_anything(self) -> bool {
        self.choices().is_none() && type_names(self.schema).next().is_none()
    }

    /// Returns the texts that are allowed, where only some are.
    pub(crate) fn choices(self) -> Option<Vec<&'s str>> {
        if let Some(values) = self.schema["enum"].as_array() {
            return Some(values.iter().filter_map(Value::as_str).collect());
        }
        let documented = self.schema["oneOf"].as_array()?;
        let choice = |variant: &'s Value| variant["const"].as_str();
        Some(documented.iter().filter_map(choice).collect())
    }

    pub(crate) fn properties(self) -> impl Iterator<Item = (&'s str, Shape<'s>)> {
        let named = self.schema["properties"].as_object();
        named
            .into_iter()
            .flat_map(Map::iter)
            .map(|(name, schema)| (name.as_str(), Shape::of(schema)))
    }

    pub(crate) fn names(self) -> impl Iterator<Item = &'s str> {
        self.properties().map(|(name, _)| name)
    }

    /// Finds a named key by either of its spellings.
    pub(crate) fn property(self, key: &str) -> Option<(&'s str, Shape<'s>)> {
        self.properties().find(|(name, _)| spelling::same_key(name, key))
    }

    pub(crate) fn others(self) -> Others<'s> {
        match &self.schema["additionalProperties"] {
            Value::Bool(true) => Others::Open,
            schema @ Value::Object(_) => Others::Each(Shape::of(schema)),
            _ => Others::Unknown,
        }
    }

    pub(crate) fn items(self) -> Option<Shape<'s>> {
        let items = &self.schema["items"];
        items.is_object().then(|| Shape::of(items))
    }

    pub(crate) fn is_secret(self) -> bool {
        self.schema["writeOnly"] == true
    }

    /// Returns the least and the greatest number allowed.
    pub(crate) fn bounds(self) -> (Option<f64>, Option<f64>) {
        let greatest = self.schema["maximum"].as_f64();
        let greatest_of_type = (self.schema["format"] == "uint32").then(|| f64::from(u32::MAX));
        (self.schema["minimum"].as_f64(), greatest.or(greatest_of_type))
    }
}

fn type_names(schema: &Value) -> impl Iterator<Item = &str> {
    let declared = &schema["type"];
    let several = declared.as_array().into_iter().flatten();
    several.filter_map(Value::as_str).chain(declared.as_str())
}
