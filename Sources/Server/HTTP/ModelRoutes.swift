import CatalogModel
import ReadPath

/// The paths that only catalogs of models have.
///
/// They are told by the path as it was sent. A model whose name ends like one of them is reached
/// with that slash or word percent-encoded: `…/models/x%2Fartifacts`, `…/models/filter%5Foptions`.
enum ModelRoutes {
    /// A fixed path below the plugin's base.
    static func endpoint(
        _ rest: Substring, kinds: some Collection<KindTable.Entry>
    ) -> Endpoint? {
        guard let kind = kinds.first, kind.kind.convention == .model else { return nil }
        switch rest {
        case "\(kind.kind.plural)/filter_options": return .filterOptions(kind)
        case "labels": return .labels(kind)
        case "sources": return .modelSources(kind)
        case "sources/preview": return .sourcePreview(kind)
        default: return nil
        }
    }

    /// What `{name…}/artifacts` or `{name…}/artifacts/performance` names, not yet decoded.
    static func artifacts(_ rest: Substring) -> (model: Substring, scope: ArtifactQuery.Scope)? {
        let endings: [(String, ArtifactQuery.Scope)] = [
            ("/artifacts/performance", .performance), ("/artifacts", .all),
        ]
        for (ending, scope) in endings
        where rest.hasSuffix(ending) && rest.utf8.count > ending.utf8.count {
            return (rest.dropLast(ending.count), scope)
        }
        return nil
    }
}
