import Hummingbird
import NIOCore

/// What travels beside a request: who is at the other end of its connection.
struct CatalogContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let peer: SocketAddress?

    init(source: Source) {
        coreContext = .init(source: source)
        peer = source.channel.remoteAddress
    }
}
