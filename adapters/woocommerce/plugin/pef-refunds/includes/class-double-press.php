<?php
/**
 * Pressing twice yields one refund.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * WooCommerce compares what had been refunded without a lock, so presses of the same
 * instant pass each other. Here they queue up, and an equal one is turned away.
 */
final class Double_Press {

	const SECONDS = 15;

	/**
	 * Hooks into the moment before a refund is saved, whoever makes it.
	 */
	public static function hook() {
		add_action( 'woocommerce_create_refund', array( self::class, 'guard' ), 5, 2 );
	}

	/**
	 * Lets one refund at a time of each order through. The lock ends with the request.
	 *
	 * @param \WC_Order_Refund $refund The refund. Reckoning its taxes has stored it already.
	 * @param array            $args   What wc_create_refund was called with.
	 * @throws \Exception Makes WooCommerce record nothing and show the sentence.
	 */
	public static function guard( $refund, $args ) {
		$order = wc_get_order( $refund->get_parent_id() );
		if ( ! empty( $args['refund_id'] ) || ! Ours::order( $order ) ) {
			return;
		}
		$locked = Lock::take( 'refund', $order->get_id() );
		$why    = $locked
			? self::objection( self::earlier( $order->get_id(), $refund->get_id() ), (string) $refund->get_amount(), (string) $order->get_total(), time() )
			: __( 'Another refund of this order is being recorded. Nothing was recorded now; reload the page.', 'pef-refunds' );
		if ( '' !== $why ) {
			Deletion::never_told( $refund->get_id() );
			throw new \Exception( esc_html( $why ) );
		}
	}

	/**
	 * Why a refund must not be recorded, or an empty text.
	 *
	 * @param \WC_Order_Refund[] $earlier Refunds of the order.
	 * @param string             $amount  The amount that is asked now.
	 * @param string             $total   The order's total.
	 * @param int                $now     Seconds since 1970.
	 */
	public static function objection( array $earlier, string $amount, string $total, int $now ): string {
		$twin = self::twin( $earlier, $amount, $now );
		if ( $twin ) {
			/* translators: %d: refund number */
			return sprintf( __( 'Refund #%d of the same amount was recorded a moment ago, so nothing was recorded now. If you want a second one, wait half a minute.', 'pef-refunds' ), $twin );
		}
		return self::exceeds( $earlier, $amount, $total )
			? __( 'That much is no longer left of this order. Nothing was recorded; reload the page.', 'pef-refunds' )
			: '';
	}

	/**
	 * The refunds of an order as the database has them now. Of two presses of one instant
	 * only the later number sees the other, so that exactly one goes through.
	 *
	 * @param int $order_id  The order.
	 * @param int $refund_id The refund that is being made, or 0.
	 * @return \WC_Order_Refund[]
	 */
	private static function earlier( int $order_id, int $refund_id ): array {
		$all = wc_get_orders(
			array(
				'type'    => 'shop_order_refund',
				'parent'  => $order_id,
				'limit'   => -1,
				'orderby' => 'none',
			)
		);
		return array_filter(
			$all,
			static function ( $other ) use ( $refund_id ) {
				return ! $refund_id || $other->get_id() < $refund_id;
			}
		);
	}

	/**
	 * The id of an equal refund made just now, or 0.
	 *
	 * @param \WC_Order_Refund[] $earlier Refunds of the order.
	 * @param string             $amount  The amount that is asked now.
	 * @param int                $now     Seconds since 1970.
	 */
	private static function twin( array $earlier, string $amount, int $now ): int {
		foreach ( $earlier as $refund ) {
			$made = $refund->get_date_created();
			if ( $made && $now - $made->getTimestamp() < self::SECONDS && self::same( (string) $refund->get_amount(), $amount ) ) {
				return $refund->get_id();
			}
		}
		return 0;
	}

	/**
	 * Whether the earlier refunds leave less than the amount.
	 *
	 * @param \WC_Order_Refund[] $earlier Refunds of the order.
	 * @param string             $amount  The amount that is asked now.
	 * @param string             $total   The order's total.
	 */
	private static function exceeds( array $earlier, string $amount, string $total ): bool {
		$left = self::cents( $total ) - self::cents( $amount );
		foreach ( $earlier as $refund ) {
			$left -= self::cents( (string) $refund->get_amount() );
		}
		return $left < 0;
	}

	/**
	 * Whether two amounts are the same to the hundredth.
	 *
	 * @param string $one   An amount.
	 * @param string $other Another.
	 */
	private static function same( string $one, string $other ): bool {
		return self::cents( $one ) === self::cents( $other );
	}

	/**
	 * An amount in hundredths. WooCommerce has already rounded what it stored.
	 *
	 * @param string $amount An amount.
	 */
	private static function cents( string $amount ): int {
		return (int) round( 100 * (float) $amount );
	}
}
