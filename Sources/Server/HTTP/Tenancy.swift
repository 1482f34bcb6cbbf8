import CatalogModel
import HTTPTypes

/// Decides which namespace a request is about (contract, section 2.1).
struct Tenancy: Sendable {
    let mode: ServerConfiguration.Tenancy

    /// The parameter wins over the header; throws `.badRequest` with the contract's texts.
    func namespace(
        of query: QueryParameters, _ headers: HTTPFields
    ) throws(RequestError) -> Namespace {
        guard mode == .namespace else { return .default }
        guard let name = query.nonEmpty("namespace") ?? headers[.namespaceName], !name.isEmpty
        else { throw Namespace.missing }
        return try Namespace(name)
    }
}
