/// The bounds that every request and every stored value must keep.
package enum CatalogLimits {
    /// Bytes of a request body.
    package static let bodyBytes = 1 << 20
    /// Levels of arrays and objects in a JSON document.
    package static let jsonNesting = 64
    /// Digits of a JSON number, counted after its exponent is written out.
    package static let jsonNumberDigits = 400
    /// Largest absolute exponent of a JSON number.
    package static let jsonNumberExponent = 308

    /// Characters of a namespace name.
    package static let namespaceLength = 63
    /// UTF-8 bytes of an entity name.
    package static let entityNameBytes = 190
    /// Bytes of a source id.
    package static let sourceIDBytes = 63

    /// Bytes of a filter query of the plain catalog plugins.
    package static let filterLength = 1024
    /// Bytes of a filter query of the model and mcp catalogs.
    package static let fullFilterLength = 8192
    /// Levels of parentheses in a filter query.
    package static let filterNesting = 32
    /// Comparisons in a filter query.
    package static let filterConditions = 100
    /// Values of one `IN` list.
    package static let filterInValues = 100

    /// UTF-8 bytes of a folded string that take part in a sort key.
    package static let sortKeyTextBytes = 240
    /// Characters of an encoded page token.
    package static let pageTokenLength = 2048
    /// Sort key or text bytes inside a page token.
    package static let pageTokenKeyBytes = 1024

    /// A text property with this many values is none that clients choose from.
    package static let optionValues = 50
    /// Characters of a value that clients choose from.
    package static let optionLength = 100

    /// Pairs in a query string.
    package static let queryParameters = 256
    /// Bytes of a glob pattern.
    package static let itemPatternBytes = 512
}
