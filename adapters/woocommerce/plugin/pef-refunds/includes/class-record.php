<?php
/**
 * What the service wrote onto an order.
 *
 * @package Pef_Refunds
 */

namespace Pef_Refunds;

defined( 'ABSPATH' ) || exit;

/**
 * Reads the order's field `_pef_refunds`; only the service writes it. Beside it the order
 * carries one `_pef_refund_state` for each state of a refund that it still has, by which orders can be found.
 */
final class Record {

	const KEY   = '_pef_refunds';
	const INDEX = '_pef_refund_state';

	/**
	 * Every refund's entry, by refund id; whatever is no entry is left out.
	 *
	 * @param \WC_Order $order The order.
	 * @return array<string, array>
	 */
	public static function of( $order ): array {
		$kept = $order->get_meta( self::KEY );
		$good = array();
		foreach ( is_array( $kept ) || is_object( $kept ) ? (array) $kept : array() as $id => $entry ) {
			$entry = (array) $entry;
			if ( isset( $entry['state'] ) && is_string( $entry['state'] ) ) {
				$good[ (string) $id ] = $entry;
			}
		}
		return $good;
	}

	/**
	 * The entries of the refunds that the order still has.
	 *
	 * @param \WC_Order $order The order.
	 * @return array<string, array>
	 */
	public static function standing( $order ): array {
		$record = self::of( $order );
		if ( ! $record ) {
			return array();
		}
		$ids = array();
		foreach ( $order->get_refunds() as $refund ) {
			$ids[ (string) $refund->get_id() ] = true;
		}
		return array_intersect_key( $record, $ids );
	}

	/**
	 * One refund's state, or an empty text while the service has written none.
	 *
	 * @param \WC_Order $order     The order.
	 * @param int       $refund_id The refund.
	 */
	public static function state_of( $order, int $refund_id ): string {
		$record = self::of( $order );
		return isset( $record[ (string) $refund_id ] ) ? $record[ (string) $refund_id ]['state'] : '';
	}

	/**
	 * The states in a record, each once and sorted.
	 *
	 * @param array<string, array> $record A record.
	 * @return string[]
	 */
	public static function states( array $record ): array {
		$states = array_values( array_unique( array_column( $record, 'state' ) ) );
		sort( $states );
		return $states;
	}

	/**
	 * The states by which an order can be found, sorted.
	 *
	 * @param \WC_Order $order The order.
	 * @return string[]
	 */
	public static function indexed( $order ): array {
		$states = array();
		foreach ( $order->get_meta( self::INDEX, false ) as $meta ) {
			$states[] = (string) $meta->value;
		}
		sort( $states );
		return $states;
	}

	/**
	 * Brings the index up to date on an order that is about to be saved.
	 *
	 * @param \WC_Order $order The order.
	 */
	public static function index( $order ) {
		$wanted = self::states( self::standing( $order ) );
		if ( self::indexed( $order ) === $wanted ) {
			return;
		}
		$order->delete_meta_data( self::INDEX );
		foreach ( $wanted as $state ) {
			$order->add_meta_data( self::INDEX, $state );
		}
	}
}
