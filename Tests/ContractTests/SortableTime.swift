extension String {
    /// A time of the contract in a form whose order is that of the times.
    ///
    /// A full second is written without its fraction.
    var sortableTime: String { contains(".") ? self : "\(dropLast()).000Z" }
}
