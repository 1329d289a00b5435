<?php
/**
 * Which orders and refunds concern the plugin.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Tells the refunds that the service pays from all others of the store.
 */
final class Ours {

	/**
	 * Whether an order was paid by a chosen method and the store is connected.
	 *
	 * @param mixed $order Maybe an order.
	 */
	public static function order( $order ): bool {
		return $order instanceof \WC_Order
			&& in_array( $order->get_payment_method(), Settings::payment_methods(), true )
			&& Connection::is_there();
	}

	/**
	 * Whether the service pays this refund: some money, and no gateway has paid it.
	 *
	 * @param mixed $refund Maybe a refund.
	 */
	public static function refund( $refund ): bool {
		return $refund instanceof \WC_Order_Refund
			&& (float) $refund->get_amount() > 0
			&& ! $refund->get_refunded_payment()
			&& self::order( wc_get_order( $refund->get_parent_id() ) );
	}
}
