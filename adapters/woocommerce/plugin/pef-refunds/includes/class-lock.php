<?php
/**
 * One at a time, over all of the site's processes.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * The database's named locks; they end with the connection, whatever happens to PHP.
 */
final class Lock {

	const PATIENCE = 10;

	/**
	 * Waits for the lock. A database without named locks gives it at once: the service
	 * itself still looks for doubles.
	 *
	 * @param string $what  What is locked.
	 * @param int    $order The order.
	 * @return bool False if somebody else kept it too long.
	 */
	public static function take( string $what, int $order ): bool {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- a lock is nothing that could be cached.
		$got = $wpdb->get_var( $wpdb->prepare( 'SELECT GET_LOCK(%s, %d)', self::name( $what, $order ), self::PATIENCE ) );
		return '0' !== (string) $got;
	}

	/**
	 * Gives it back.
	 *
	 * @param string $what  What is locked.
	 * @param int    $order The order.
	 */
	public static function give( string $what, int $order ) {
		global $wpdb;
		// phpcs:ignore WordPress.DB.DirectDatabaseQuery -- a lock is nothing that could be cached.
		$wpdb->get_var( $wpdb->prepare( 'SELECT RELEASE_LOCK(%s)', self::name( $what, $order ) ) );
	}

	/**
	 * A name within the 64 characters that databases take; several sites share one server.
	 *
	 * @param string $what  What is locked.
	 * @param int    $order The order.
	 */
	private static function name( string $what, int $order ): string {
		global $wpdb;
		return 'pef_' . $what . '_' . substr( md5( DB_NAME . $wpdb->prefix ), 0, 12 ) . '_' . $order;
	}
}
