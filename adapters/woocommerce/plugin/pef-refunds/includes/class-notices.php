<?php
/**
 * Tells the owner that something waits.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Notices on the dashboard and on WooCommerce's screens, for people who may edit orders.
 */
final class Notices {

	const COUNT   = 'pef_refunds_attention';
	const AT_MOST = 100;

	/**
	 * Hooks in.
	 */
	public static function hook() {
		add_action( 'admin_notices', array( self::class, 'show' ) );
	}

	/**
	 * Shows what there is to say.
	 */
	public static function show() {
		$screen = get_current_screen();
		if ( ! $screen || ! in_array( $screen->id, Assets::screens(), true ) || ! current_user_can( 'edit_shop_orders' ) ) {
			return;
		}
		self::say_attention( self::count() );
		self::say_stuck( Connection::is_there() ? Deliveries::stuck() : 0 );
	}

	/**
	 * How many orders need somebody; looked up every few minutes.
	 */
	private static function count(): int {
		$known = get_transient( self::COUNT );
		if ( false === $known ) {
			$known = self::look_up();
			set_transient( self::COUNT, $known, 5 * MINUTE_IN_SECONDS );
		}
		return (int) $known;
	}

	/**
	 * Counts the orders, up to AT_MOST.
	 */
	private static function look_up(): int {
		$orders = wc_get_orders(
			array(
				'type'         => 'shop_order',
				'limit'        => self::AT_MOST,
				// phpcs:disable WordPress.DB.SlowDBQuery -- every few minutes at most.
				'meta_key'     => Record::INDEX,
				'meta_value'   => Order_List::states_of( Order_List::ATTENTION ),
				'meta_compare' => 'IN',
				// phpcs:enable
			)
		);
		$now = time();
		return count(
			array_filter(
				$orders,
				static function ( $order ) use ( $now ) {
					foreach ( Record::standing( $order ) as $entry ) {
						if ( States::needs_owner( $entry, $now ) ) {
							return true;
						}
					}
					return false;
				}
			)
		);
	}

	/**
	 * Orders that need somebody.
	 *
	 * @param int $count How many.
	 */
	private static function say_attention( int $count ) {
		if ( $count < 1 ) {
			return;
		}
		/* translators: %d: number of orders */
		$text = _n( '%d order has a refund that needs you.', '%d orders have a refund that needs you.', $count, 'pef-refunds' );
		echo '<div class="notice notice-warning"><p><strong>' . esc_html__( 'PagoEfectivo refunds', 'pef-refunds' ) . ':</strong> ' . esc_html( sprintf( $text, $count ) );
		echo ' <a href="' . esc_url( Order_List::attention_page() ) . '">' . esc_html__( 'Show them', 'pef-refunds' ) . '</a></p></div>';
	}

	/**
	 * Refunds that the service has not heard of.
	 *
	 * @param int $count How many.
	 */
	private static function say_stuck( int $count ) {
		if ( $count < 1 ) {
			return;
		}
		/* translators: %d: number of refunds */
		$text = _n( 'The refund service has not been reachable for minutes; %d refund waits. It is told by itself.', 'The refund service has not been reachable for minutes; %d refunds wait. It is told by itself.', $count, 'pef-refunds' );
		echo '<div class="notice notice-error"><p><strong>' . esc_html__( 'PagoEfectivo refunds', 'pef-refunds' ) . ':</strong> ' . esc_html( sprintf( $text, $count ) );
		echo ' <a href="' . esc_url( Settings::page() ) . '">' . esc_html__( 'Check everything', 'pef-refunds' ) . '</a></p></div>';
	}
}
