/// How one family of entity lists speaks about pages, totals and order.
package struct ListConvention: Sendable, Hashable {
    /// What happens to a page size that cannot be used.
    package enum BadSize: Sendable, Hashable {
        case useDefault, reject, unlimited
    }

    /// Which order a list has when the client names none, or none that exists.
    package enum Order: Sendable, Hashable {
        case name, id
    }

    package let defaultPageSize: Int
    /// Larger sizes are clamped to this; nil for no maximum of the contract's.
    package let maximumPageSize: Int?
    /// For a page size that is not an integer.
    package let malformedSize: BadSize
    /// For a page size of zero or below.
    package let nonPositiveSize: BadSize
    /// Query parameters that may carry the page token, in order of preference.
    package let tokenParameters: [String]
    /// Whether `size` counts all matches instead of the items on the page.
    package let sizeCountsAllMatches: Bool
    /// Whether the response repeats the page size.
    package let showsPageSize: Bool
    /// Whether `nextPageToken` is present, empty, on the last page.
    package let showsEmptyToken: Bool
    package let defaultOrder: Order
    package let unknownOrder: Order
    package let filterDialect: FilterDialect
    /// Whether order may be asked by the enumeration names ID, NAME, CREATE_TIME, LAST_UPDATE_TIME.
    package let hasOrderNames: Bool

    /// The convention of the catalog plugins.
    package static let catalog = ListConvention(
        defaultPageSize: 100, maximumPageSize: 1000, malformedSize: .useDefault,
        nonPositiveSize: .useDefault, tokenParameters: ["pageToken"], sizeCountsAllMatches: true,
        showsPageSize: true, showsEmptyToken: false, defaultOrder: .name, unknownOrder: .name,
        filterDialect: .catalog, hasOrderNames: false)

    /// The convention of the MCP server list.
    package static let mcp = ListConvention(
        defaultPageSize: 20, maximumPageSize: nil, malformedSize: .reject,
        nonPositiveSize: .unlimited, tokenParameters: ["pageToken"], sizeCountsAllMatches: false,
        showsPageSize: false, showsEmptyToken: false, defaultOrder: .id, unknownOrder: .id,
        filterDialect: .full, hasOrderNames: true)

    /// The convention of the model catalog's lists.
    package static let model = ListConvention(
        defaultPageSize: 10, maximumPageSize: nil, malformedSize: .reject,
        nonPositiveSize: .reject, tokenParameters: ["nextPageToken", "pageToken"],
        sizeCountsAllMatches: false, showsPageSize: true, showsEmptyToken: true,
        defaultOrder: .name, unknownOrder: .id, filterDialect: .full, hasOrderNames: true)
}
