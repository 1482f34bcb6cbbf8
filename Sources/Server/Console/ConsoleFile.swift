/// The files of the console's page, as they lie in `Assets`; they hold no data.
enum ConsoleFile: String, CaseIterable, Sendable {
    case page = "console.html"
    case style = "console.css"
    case entry = "console.js"
    case elements = "elements.js"
    case session = "session.js"
    case status = "status.js"
    case catalogs = "catalogs.js"
    case facets = "facets.js"

    /// The page has the address of the console, what it loads lies below.
    var path: String { self == .page ? "/ui" : "/ui/\(rawValue)" }

    var mediaType: String {
        switch self {
        case .page: "text/html"
        case .style: "text/css"
        default: "text/javascript"
        }
    }

    var bytes: [UInt8] {
        switch self {
        case .page: PackageResources.console_html
        case .style: PackageResources.console_css
        case .entry: PackageResources.console_js
        case .elements: PackageResources.elements_js
        case .session: PackageResources.session_js
        case .status: PackageResources.status_js
        case .catalogs: PackageResources.catalogs_js
        case .facets: PackageResources.facets_js
        }
    }
}
